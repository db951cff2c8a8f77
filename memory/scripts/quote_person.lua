-- Notes which reply takes words from what is known of a person, as it was read: done | changed.
-- ARGV: person, revision, seconds it is kept, reference, sources...
if (redis.call('HGET', CONVERSATION, 'revision') or '0') ~= ARGV[2] then return { 'changed' } end
for i = 5, #ARGV do cite(CONVERSATION .. '/citedby', ARGV[i], ARGV[4]) end
redis.call('EXPIRE', CONVERSATION .. '/citedby', ARGV[3])
return { 'done' }
