-- Replaces what is known of a person, unless it changed since it was read: done | changed.
-- Touches one person. ARGV: person, revision, wrapped key, sealed (empty: nothing is known any more), seconds
--       it is kept, sources that it forgets: no reply may quote what was known through them...
local revision, wrapped, sealed, kept = unpack(ARGV, 2, 5)
local now, key, facts = unpack(redis.call('HMGET', CONVERSATION, 'revision', 'key', 'facts'))
local following = whole(revision + 1)
if now == following and (facts or '') == sealed then return { 'done' } end
if (now or '0') ~= revision or (key and not same_key(key, wrapped)) then return { 'changed' } end
for i = 6, #ARGV do
  if redis.call('HEXISTS', CONVERSATION .. '/citedby', ARGV[i]) == 1 then return { 'changed' } end
end
redis.call('HSET', CONVERSATION, 'revision', following)
if sealed == '' then
  redis.call('HDEL', CONVERSATION, 'key', 'facts')
else
  redis.call('HSET', CONVERSATION, 'key', wrapped, 'facts', sealed)
end
redis.call('EXPIRE', CONVERSATION, kept)
return { 'done' }
