-- Tells a budget's purse what was spent before it was there. Gives 1, or 0 where it was there.
--
-- KEYS  the purse
-- ARGV  nano-dollars, the second of Unix time at which it may be forgotten or 0

if redis.call('HSETNX', KEYS[1], 'spent', ARGV[1]) == 0 then return 0 end
if ARGV[2] ~= '0' then redis.call('EXPIREAT', KEYS[1], ARGV[2]) end
return 1
