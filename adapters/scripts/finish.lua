#!lua
-- Tell the outcomes of commands, and remove the commands: each is told by whoever removes it, so never twice.
--
-- KEYS  the partition's stream, its take record, the dead letters, the claim of the partition's bell
-- ARGV  the taker's token, milliseconds that outcomes are kept, seconds that replies are kept, then for each command:
--       its entry id, outcome stream, event, reply list or '', and for a dead letter its command, error (else ''), tries
-- Gives how many commands are left; if none, the bell's claim is removed, and the next command rings at once. -1 where
-- someone else took the partition since, who then decides; -2 where a key is of another type; -3 where nothing can be
-- added to a stream: the command is left, and those behind it
local stream, record, letters, claim = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
if redis.call('HGET', record, 'token') ~= ARGV[1] then return -1 end

-- Nothing is written until all can be, as far as can be known: a script that fails in the middle stays half done.
-- Removing what is not there writes nothing, and fails where it is forbidden.
local seen = {}
local function is_stream(key)
  local kind = redis.call('TYPE', key).ok
  if kind ~= 'stream' and kind ~= 'none' then return false end
  redis.call('XDEL', key, '0-0')
  seen[key] = true
  return true
end
if not (is_stream(stream) and is_stream(letters)) then return -2 end
for i = 5, #ARGV, 7 do  -- each command's outcome stream
  if not (seen[ARGV[i]] or is_stream(ARGV[i])) then return -2 end
end

local now = redis.call('TIME')
local oldest = string.format('%.0f', math.max(0, tonumber(now[1]) * 1000 - tonumber(ARGV[2])))
local finished, stuck = 0, false
for i = 4, #ARGV, 7 do  -- each command's entry id
  local outcomes, event, reply, letter = ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], false
  -- Told before it is removed: where nothing can be added, the command stays.
  if ARGV[i + 5] ~= '' then
    letter = redis.pcall('XADD', letters, 'MINID', '~', oldest, '*', 'command', ARGV[i + 4], 'event', event,
      'error', ARGV[i + 5], 'tries', ARGV[i + 6])
  end
  local told = redis.pcall('XADD', outcomes, 'MINID', '~', oldest, '*', 'event', event)
  stuck = type(told) == 'table' or type(letter) == 'table'
  if not stuck and redis.call('XDEL', stream, ARGV[i]) == 1 then
    if reply ~= '' then
      -- The list's name is the publisher's choice: if the key is of another type, only the reply is lost.
      if type(redis.pcall('RPUSH', reply, event)) == 'number' then redis.pcall('EXPIRE', reply, ARGV[3]) end
    end
    finished = finished + 1
  else
    -- Not to be told, or somebody else has removed it. Nobody has seen what is taken back within the script.
    if type(told) == 'string' then redis.call('XDEL', outcomes, told) end
    if type(letter) == 'string' then redis.call('XDEL', letters, letter) end
    if stuck then break end
  end
end

local known = redis.call('HMGET', record, 'careful', 'accepted', 'refused')
local careful, accepted, refused = tonumber(known[1] or 0), tonumber(known[2] or 0), tonumber(known[3] or 0)
redis.call('HDEL', record, 'first', 'tries', 'alone')
if careful > 0 then redis.call('HINCRBY', record, 'careful', -math.min(finished, careful)) end
if refused > 0 then redis.call('HINCRBY', record, accepted > 0 and 'accepted' or 'refused', -finished) end
if stuck then return -3 end
local left = redis.call('XLEN', stream)
if left == 0 then
  redis.set_repl(redis.REPL_NONE)  -- as ring.lua
  redis.call('DEL', claim)
end
return left
