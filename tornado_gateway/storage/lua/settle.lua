-- What a call came to, or several.
--
-- KEYS  of each entry: its counter; of a budget: its purse and those who hold of it; of a charge: its purse and its mark
-- ARGV  one text of msgpack, entries, each as what, the call's id, the amount that was held (of tokens: the second),
--       what it came to (of tokens: the change)
-- gives msgpack: 0, then of each budget and charge what was spent before and after
--
-- Money is taken once, however often an entry is sent: whoever holds of a budget is taken off its list with it, and a
-- charge leaves a mark.

local MARK_SECONDS = 86400

local function whole(number)
  return string.format('%.0f', number)
end

local reply, key = {0}, 1
for _, entry in ipairs(cmsgpack.unpack(ARGV[1])) do
  local what, id, held, amount = unpack(entry)
  if what == 'tokens' then
    local second = whole(held)
    if redis.call('HEXISTS', KEYS[key], second) == 1 then
      redis.call('HINCRBY', KEYS[key], second, whole(amount))
    end
  elseif what == 'concurrent' then
    redis.call('ZREM', KEYS[key], id)
  else
    local purse, other, counts = KEYS[key], KEYS[key + 1], false
    key = key + 1
    if what == 'charge' then
      counts = redis.call('EXISTS', purse) == 1 and redis.call('SET', other, 1, 'NX', 'EX', MARK_SECONDS)
    elseif redis.call('ZREM', other, 'h:' .. id .. ':' .. whole(held)) == 1 then
      redis.call('HINCRBY', purse, 'held', whole(0 - held))
      counts = true
    else
      counts = redis.call('ZREM', other, 'g:' .. id .. ':' .. whole(held)) == 1
    end
    local before = redis.call('HGET', purse, 'spent')
    local after = before
    if before and counts then after = redis.call('HINCRBY', purse, 'spent', whole(amount)) end
    reply[#reply + 1] = tonumber(before or '0')
    reply[#reply + 1] = tonumber(after or '0')
  end
  key = key + 1
end
return cmsgpack.pack(reply)
