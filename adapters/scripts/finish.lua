#!lua
-- Tell the outcomes of commands, and remove the commands: each is told by whoever removes it, so never twice.
--
-- KEYS  the partition's stream, its take record, the dead letters, the partition's bell
-- ARGV  the taker's token, milliseconds that outcomes are kept, seconds that replies are kept, then for each command:
--       its entry id, outcome stream, event, reply list or '', dead letter ('' or its command), error, tries
-- Gives how many commands are left; if none, a bell is rung for whatever comes next. -1 where someone else took the
-- partition since, who then decides; -2 where a key is of another type
local stream, record, letters, bell = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
if redis.call('HGET', record, 'token') ~= ARGV[1] then return -1 end

-- Nothing is written until all can be: a script that fails in the middle stays half done.
local function is_stream(key)
  local kind = redis.call('TYPE', key).ok
  return kind == 'stream' or kind == 'none'
end
local seen = {}
if not is_stream(letters) then return -2 end
for i = 4, #ARGV, 7 do
  local outcomes = ARGV[i + 1]
  if not seen[outcomes] then
    if not is_stream(outcomes) then return -2 end
    seen[outcomes] = true
  end
end

local now = redis.call('TIME')
local oldest = string.format('%.0f', math.max(0, tonumber(now[1]) * 1000 - tonumber(ARGV[2])))
local finished = 0
for i = 4, #ARGV, 7 do
  if redis.call('XDEL', stream, ARGV[i]) == 1 then
    local event, reply = ARGV[i + 2], ARGV[i + 3]
    redis.call('XADD', ARGV[i + 1], 'MINID', '~', oldest, '*', 'event', event)
    if ARGV[i + 4] ~= '' then
      redis.call('XADD', letters, 'MINID', '~', oldest, '*', 'command', ARGV[i + 4], 'event', event,
        'error', ARGV[i + 5], 'tries', ARGV[i + 6])
    end
    if reply ~= '' then
      -- The list's name is the publisher's choice: if the key is of another type, only the reply is lost.
      if type(redis.pcall('RPUSH', reply, event)) == 'number' then redis.pcall('EXPIRE', reply, ARGV[3]) end
    end
    finished = finished + 1
  end
end

local known = redis.call('HMGET', record, 'careful', 'taken')
local careful, taken = tonumber(known[1] or 0), tonumber(known[2] or 0)
redis.call('HDEL', record, 'first', 'tries', 'alone')
-- Those refused beyond the backlog limit are finished too, but were never among the careful.
if careful > 0 then redis.call('HINCRBY', record, 'careful', -math.min(finished, careful, taken)) end
local left = redis.call('XLEN', stream)
if left == 0 then
  redis.set_repl(redis.REPL_NONE)  -- as ring.lua
  redis.call('DEL', bell)
end
return left
