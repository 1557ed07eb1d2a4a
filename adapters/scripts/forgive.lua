#!lua
-- What ended a taker's try was no fault of the first command: forget all its tries, so that counting begins anew. Unless
-- somebody else took it since, whose try it is now.
--
-- KEYS  the partition's take record
-- ARGV  the taker's token
if redis.call('HGET', KEYS[1], 'token') == ARGV[1] then redis.call('HDEL', KEYS[1], 'first', 'tries', 'alone') end
