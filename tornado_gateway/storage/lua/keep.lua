-- Calls that are still under way hold what they hold for longer.
--
-- KEYS  the sorted set that each holder is in
-- ARGV  milliseconds, now in seconds or '' for the server's clock, then the holder's name in each set

local now
if ARGV[2] == '' then
  local time = redis.call('TIME')
  now = tonumber(time[1]) + tonumber(time[2]) / 1000000
else
  now = tonumber(ARGV[2])
end
local hold = tonumber(ARGV[1])
local till = string.format('%.0f', math.floor(now * 1000) + hold)
for number, key in ipairs(KEYS) do
  -- Who is no longer there has been settled, or was given up: it does not come back.
  redis.call('ZADD', key, 'XX', till, ARGV[number + 2])
  local left = redis.call('PTTL', key)
  if left >= 0 and left < 2 * hold then redis.call('PEXPIRE', key, 2 * hold) end
end
return #KEYS
