-- What calls came to, many calls in one step.
--
-- KEYS  of each entry: its counter; of a budget: its purse and those who hold of it; of a charge: its purse and its mark
-- ARGV  of each entry: what, the call's id, amount that was held (of tokens: the second and the change),
--       what it came to
-- gives of each budget and charge: what was spent before and after
--
-- Money is taken once, however often an entry is sent: whoever holds of a budget is taken off its list with it, and a
-- charge leaves a mark.

local MARK_SECONDS = 86400

local reply, key = {}, 1
for arg = 1, #ARGV, 4 do
  local what, id, held, amount = ARGV[arg], ARGV[arg + 1], ARGV[arg + 2], ARGV[arg + 3]
  if what == 'tokens' then
    if redis.call('HEXISTS', KEYS[key], held) == 1 then redis.call('HINCRBY', KEYS[key], held, amount) end
  elseif what == 'concurrent' then
    redis.call('ZREM', KEYS[key], id)
  else
    local purse, other, counts = KEYS[key], KEYS[key + 1], false
    key = key + 1
    if what == 'charge' then
      counts = redis.call('EXISTS', purse) == 1 and redis.call('SET', other, 1, 'NX', 'EX', MARK_SECONDS)
    elseif redis.call('ZREM', other, 'h:' .. id .. ':' .. held) == 1 then
      redis.call('HINCRBY', purse, 'held', string.format('%.0f', 0 - tonumber(held)))
      counts = true
    else
      counts = redis.call('ZREM', other, 'g:' .. id .. ':' .. held) == 1
    end
    local before = redis.call('HGET', purse, 'spent')
    if before and counts then redis.call('HINCRBY', purse, 'spent', amount) end
    reply[#reply + 1] = tonumber(before or '0')
    reply[#reply + 1] = tonumber(before and redis.call('HGET', purse, 'spent') or '0')
  end
  key = key + 1
end
return reply
