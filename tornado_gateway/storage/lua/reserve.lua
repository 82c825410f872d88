-- All of a call's claims or none, in one step.
--
-- KEYS  of each claim: its counter; of a budget: its purse and those who hold of it
-- ARGV  one text of msgpack, for each word of its own costs the caller more than the whole: the call's id,
--       milliseconds that it may hold, now in seconds or false for the server's clock, then the claims, each as
--       what, limit, amount, least, the second of Unix time at which it may be forgotten or 0
-- gives msgpack: granted (1 or 0), the second, then of each claim: room (1, 0, -1: nothing is known of the budget),
--       used, milliseconds until nothing is counted, milliseconds until there may be room or -1

local SPAN = 61
local GHOST = 86400000

local asked = cmsgpack.unpack(ARGV[1])
local id, hold, now = asked[1], asked[2], asked[3]
if not now then
  local time = redis.call('TIME')
  now = tonumber(time[1]) + tonumber(time[2]) / 1000000
end
local milliseconds = math.floor(now * 1000)

local function whole(number)
  return string.format('%.0f', number)
end

-- A window's counts by the second; what has left it is dropped.
local function window(key)
  local found = redis.call('HGETALL', key)
  local used, newest, live, gone = 0, nil, {}, {}
  for at = 1, #found, 2 do
    local second, counted = tonumber(found[at]), tonumber(found[at + 1])
    if second <= now - SPAN then
      gone[#gone + 1] = found[at]
    else
      used = used + counted
      live[#live + 1] = {second, counted}
      if newest == nil or second > newest then newest = second end
    end
  end
  if #gone > 0 then redis.call('HDEL', key, unpack(gone)) end
  return used, newest, live
end

local function wait(live, lacking)
  table.sort(live, function(one, other) return one[1] < other[1] end)
  for _, counted in ipairs(live) do
    lacking = lacking - counted[2]
    if lacking <= 0 then return math.ceil((counted[1] + SPAN - now) * 1000) end
  end
  return -1
end

-- What calls whose process died held of a budget is free again. Should such a call end after all, what it came to is
-- still to be taken once: so its place is remembered for a day.
local function free(purse, holders)
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', holders, '-inf', milliseconds, 'LIMIT', 0, 100)) do
    redis.call('ZREM', holders, member)
    if string.sub(member, 1, 1) == 'h' then
      redis.call('HINCRBY', purse, 'held', whole(0 - tonumber(string.match(member, ':(%d+)$'))))
      redis.call('ZADD', holders, whole(milliseconds + GHOST), 'g' .. string.sub(member, 2))
    end
  end
end

local reply, claims, granted = {1, math.floor(now)}, {}, true
local key = 1
for _, wanted in ipairs(asked[4]) do
  local what, limit, amount, least, forget = unpack(wanted)
  local claim = {what = what, key = KEYS[key], amount = amount, forget = forget}
  local room, used, reset, patience = 1, 0, 0, -1
  if what == 'budget' then
    claim.holders = KEYS[key + 1]
    key = key + 1
    free(claim.key, claim.holders)
    local purse = redis.call('HMGET', claim.key, 'spent', 'held')
    if not purse[1] then
      room = -1
    else
      used = tonumber(purse[1]) + tonumber(purse[2] or '0')
    end
  elseif what == 'concurrent' then
    redis.call('ZREMRANGEBYSCORE', claim.key, '-inf', milliseconds)
    used = redis.call('ZCARD', claim.key)
  else
    local newest, live
    used, newest, live = window(claim.key)
    if newest ~= nil then reset = math.ceil((newest + SPAN - now) * 1000) end
    if used + least > limit then patience = wait(live, used + least - limit) end
  end
  if room == 1 and used + least > limit then room = 0 end
  if room ~= 1 then granted = false end
  claim.used, claim.reset = used, reset
  claims[#claims + 1] = claim
  reply[#reply + 1] = room
  reply[#reply + 1] = used
  reply[#reply + 1] = reset
  reply[#reply + 1] = patience
  key = key + 1
end

if not granted then
  reply[1] = 0
  return cmsgpack.pack(reply)
end

for number, claim in ipairs(claims) do
  local amount = whole(claim.amount)
  if claim.what == 'budget' then
    redis.call('HINCRBY', claim.key, 'held', amount)
    redis.call('ZADD', claim.holders, whole(milliseconds + hold), 'h:' .. id .. ':' .. amount)
    if claim.forget > 0 then
      redis.call('EXPIREAT', claim.key, whole(claim.forget))
      redis.call('EXPIREAT', claim.holders, whole(claim.forget))
    end
  elseif claim.what == 'concurrent' then
    redis.call('ZADD', claim.key, whole(milliseconds + hold), id)
    redis.call('PEXPIRE', claim.key, 2 * hold)
  else
    local second = math.floor(now)
    redis.call('HINCRBY', claim.key, whole(second), amount)
    redis.call('EXPIRE', claim.key, SPAN + 1)
    reply[number * 4 + 1] = math.ceil((second + SPAN - now) * 1000)
  end
  reply[number * 4] = claim.used + claim.amount
end
return cmsgpack.pack(reply)
