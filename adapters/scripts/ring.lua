#!lua
-- Ring bells: each at most once, until its drain has emptied the partition or the bell counts as lost.
--
-- KEYS  the queue of bells, then the claims, one for each bell
-- ARGV  milliseconds after which a bell counts as lost, then the bells
-- Gives 1 or 0 for each: whether it was rung
--
-- Neither is written to Redis' log, since whoever rings would wait for the disk: a Redis that comes back without them
-- is rung once more.
redis.set_repl(redis.REPL_NONE)
local rung = {}
for i = 2, #KEYS do
  -- Redis keeps the moment at which a key ends: if its clock goes back by an hour, that is an hour away. One that
  -- somebody else has written may never end.
  local left = redis.call('PTTL', KEYS[i])
  if left == -1 or left > tonumber(ARGV[1]) then redis.call('DEL', KEYS[i]) end
  rung[i - 1] = redis.call('SET', KEYS[i], 1, 'NX', 'PX', ARGV[1]) and 1 or 0
  if rung[i - 1] == 1 then redis.call('LPUSH', KEYS[1], ARGV[i]) end
end
return rung
