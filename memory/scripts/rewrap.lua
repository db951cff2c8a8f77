-- Puts a value in the place of the one that was read, a hash's field or (named '') a string: 1, also when
-- asked again | 0: it is another by now. Touches one value. KEYS: its key. ARGV: field, old, new
local field, old, new = unpack(ARGV)
local now
if field == '' then now = redis.call('GET', KEYS[1]) else now = redis.call('HGET', KEYS[1], field) end
if now ~= old then return now == new and 1 or 0 end
if field == '' then redis.call('SET', KEYS[1], new) else redis.call('HSET', KEYS[1], field, new) end
return 1
