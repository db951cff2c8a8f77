-- Puts a summary in the place of messages, if they are still what the summariser read: done | changed.
-- ARGV: conversation, name, wrapped key, covered (json object id -> version), sealed, seconds messages and records are kept
local name, wrapped, covered, sealed, messages, records = unpack(ARGV, 2, 7)
if redis.call('HEXISTS', CONVERSATION .. '/seg', name) == 1 then return { 'done' } end
if get('key') ~= wrapped then return { 'changed' } end
local first = redis.call('ZRANGE', CONVERSATION .. '/owed', 0, 0, 'WITHSCORES')[2]
local versions, count, since = cjson.decode(covered), 0, 0
for id, version in pairs(versions) do
  local message = unpack_message(id)
  if not message or message.version ~= version or not redis.call('ZSCORE', CONVERSATION .. '/win', id)
    or (first and tonumber(message.sent) >= tonumber(first)) then
    return { 'changed' }
  end
  count, since = count + 1, math.max(since, tonumber(message.sent))
end
for id in pairs(versions) do redis.call('ZREM', CONVERSATION .. '/win', id) end
redis.call('HSET', CONVERSATION .. '/seg', name, count .. ':' .. sealed)
redis.call('HSET', CONVERSATION .. '/cover', name, covered)
redis.call('ZADD', CONVERSATION .. '/sum', whole(since), name)
outlive(messages, records)
return { 'done' }
