-- Puts a summary in the place of messages, if they are still what the summariser read, and merges
-- older ones: done | changed. Touches at most the 500 messages that were read, and 500 segments.
-- ARGV: conversation, name, wrapped key, covered (json object id -> version), sealed,
--       (name, children as json, sealed)...
local name, wrapped, covered, sealed = unpack(ARGV, 2, 5)
if redis.call('HEXISTS', CONVERSATION .. '/seg', name) == 1 then return { 'done' } end
if not same_key(get('key'), wrapped) or get('next') then return { 'changed' } end  -- another key is to follow
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
local made = { [name] = true }
for i = 6, #ARGV, 3 do
  for _, child in ipairs(cjson.decode(ARGV[i + 1])) do
    if not made[child] and not redis.call('ZSCORE', CONVERSATION .. '/sum', child) then return { 'changed' } end
  end
  made[ARGV[i]] = true
end

for id in pairs(versions) do redis.call('ZREM', CONVERSATION .. '/win', id) end
stand_leaf(name, count, since, covered, versions, sealed)
for i = 6, #ARGV, 3 do
  local size, time = 0, 0
  for _, child in ipairs(cjson.decode(ARGV[i + 1])) do
    local score = redis.call('ZSCORE', CONVERSATION .. '/sum', child)
    size = size + tonumber(string.match(redis.call('HGET', CONVERSATION .. '/seg', child), '^%d+'))
    time = math.max(time, tonumber(score))
    redis.call('HSET', CONVERSATION .. '/above', child, ARGV[i] .. ',' .. score)
    redis.call('ZREM', CONVERSATION .. '/sum', child)
  end
  stand(ARGV[i], size, time, ARGV[i + 1], ARGV[i + 2])
end
share_end({ 'seg', 'cover', 'sum', 'above', 'leaves' }, 'rec')
return { 'done' }
