#!lua
-- Give the next commands of a partition to the one who asks, who alone may then finish them.
--
-- KEYS  the partition's stream, its take record, the claim of its bell
-- ARGV  the taker's token, most entries, most bytes, backlog limit, largest body that is told, milliseconds in which
--       no bell is rung, since the taker looks for what comes meanwhile
-- Gives {deaths, tries, entries, whether they are refused}; an entry is {id, size, body or false}
--
-- The record's fields. token: the last taker's; taken: how many it got. first, tries: the first entry, and how often it
-- was taken without an end; alone: of these, how often as the only one. careful: how many are still to be taken `few` at
-- a time, after a death. accepted, refused: what is left of both, since more than the limit waited.
--
-- It counts how often the same first entry was taken without an end: whatever kills its worker shows there.
-- As many commands as were taken then are from now on taken a few at a time, and the few one at a time: the killer is
-- among them. Mostly there is none, somebody has ended the worker; so it must not take long.
--
-- Where more wait than the limit, as many as the limit are accepted, and all behind them are refused, but only when
-- their turn has come: outcomes are told in order. So the record has what is left of both; then it is looked again.
local stream, record, claim = KEYS[1], KEYS[2], KEYS[3]
local token, most, most_bytes, limit = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local largest = tonumber(ARGV[5])

-- What is told of an entry, and the bytes that it has in all: those of other fields are read too.
local function told(entry)
  local fields, bytes, command = entry[2], 0, nil
  for i = 1, #fields, 2 do
    bytes = bytes + #fields[i] + #fields[i + 1]
    if fields[i] == 'command' then command = command or fields[i + 1] end
  end
  if not command then return {entry[1], -1, false}, bytes end
  return {entry[1], #command, #command <= largest and command}, bytes
end

-- How many entries to read next, after so many with so many bytes: soon many, but no more than there seems to be room
-- for. Redis does nothing else while it reads them.
local function next_chunk(chunk, count, bytes)
  return math.max(1, math.min(chunk * 4, 32, math.floor((most_bytes - bytes) * count / bytes)))
end

local first = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1]
redis.set_repl(redis.REPL_NONE)  -- as ring.lua
if first then redis.call('SET', claim, 1, 'PX', ARGV[6]) else redis.call('DEL', claim) end
redis.set_repl(redis.REPL_ALL)
if not first then
  redis.call('DEL', record)
  return {0, 0, {}, 0}
end

local known = redis.call('HMGET', record, 'first', 'tries', 'alone', 'careful', 'few', 'taken', 'accepted', 'refused')
local tries, alone, careful, few = 1, 0, tonumber(known[4] or 0), tonumber(known[5] or 1)
if known[1] == first[1] then
  tries, alone, careful = tonumber(known[2]) + 1, tonumber(known[3]), tonumber(known[6])
  few = math.max(1, math.floor(careful / 32))
end
if careful > 0 then most = math.min(most, few) end

local length, accepted, refused = redis.call('XLEN', stream), tonumber(known[7] or 0), tonumber(known[8] or 0)
refused = math.min(refused, math.max(0, length - accepted))  -- somebody may have removed some
if refused == 0 and length > limit then
  accepted = math.max(limit, careful)  -- what was taken before may be executed, whatever the limit was then
  refused = math.max(0, length - accepted)
end
local refusing = refused > 0 and accepted == 0
if refused > 0 then most = math.min(most, refusing and refused or accepted) end

local last_id = '18446744073709551615-18446744073709551615'  -- after which there can be none
local entry, bytes = told(first)
local entries, chunk, from = {entry}, 8, first[1]
while #entries < most and bytes < most_bytes and from ~= last_id do
  local more = redis.call('XRANGE', stream, '(' .. from, '+', 'COUNT', math.min(chunk, most - #entries))
  for _, each in ipairs(more) do
    local next, size = told(each)
    bytes = bytes + size
    if bytes > most_bytes then break end
    entries[#entries + 1] = next
  end
  if #more < math.min(chunk, most) then break end
  from, chunk = more[#more][1], next_chunk(chunk, #entries, bytes)
end

local deaths = alone
if #entries == 1 then alone = alone + 1 end
redis.call('HSET', record, 'token', token, 'first', first[1], 'tries', tries, 'alone', alone, 'careful', careful,
  'few', few, 'taken', #entries, 'accepted', accepted, 'refused', refused)
return {deaths, tries, entries, refusing and 1 or 0}
