#!lua
-- Claim bells: who claims one is to ring it; nobody else does until its drain has nothing left, or it must be lost.
--
-- KEYS  the bells
-- ARGV  milliseconds after which a bell must be lost
-- Gives 1 or 0 for each: whether it was claimed
--
-- Claims are not written to Redis' log, since whoever claims would wait for the disk: a Redis that comes back without
-- them is rung once more.
redis.set_repl(redis.REPL_NONE)
local claimed = {}
for i, bell in ipairs(KEYS) do
  -- Redis keeps the moment at which a key ends: if its clock goes back by an hour, that is an hour away.
  if redis.call('PTTL', bell) > tonumber(ARGV[1]) then redis.call('DEL', bell) end
  claimed[i] = redis.call('SET', bell, 1, 'NX', 'PX', ARGV[1]) and 1 or 0
end
return claimed
