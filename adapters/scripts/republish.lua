#!lua
-- Append the events that the stream lacks, whoever else appends to it meanwhile.
--
-- KEYS  the tenant's outcome stream
-- ARGV  where the entries begin of which the caller does not know which events they hold, then for each event that it
--       would append: its id, the event
-- Gives how many were appended
local told = {}
for _, entry in ipairs(redis.call('XRANGE', KEYS[1], ARGV[1], '+')) do
  local fields = entry[2]
  for i = 1, #fields, 2 do
    local is_json, event = pcall(cjson.decode, fields[i + 1])
    if is_json and type(event) == 'table' and event.id then told[event.id] = true end
  end
end

local appended = 0
for i = 2, #ARGV, 2 do
  if not told[ARGV[i]] then
    redis.call('XADD', KEYS[1], '*', 'event', ARGV[i + 1])
    appended = appended + 1
  end
end
return appended
