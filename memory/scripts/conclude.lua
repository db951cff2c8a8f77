-- Ends a turn: done, owed left | lost | withdrawn | stale | unknown, ids | dirty, mark (write the posts again).
-- Touches at most the turn's claims.
-- ARGV: conversation, turn, fence, revision, wrapped key, final ids, removed ids, sent, sealed reply,
--       thread, seconds messages and records are kept, mark that was dealt with
local turn, fence, revision, wrapped = unpack(ARGV, 2, 5)
local final, removed = cjson.decode(ARGV[6]), cjson.decode(ARGV[7])
local sent, sealed, thread, messages, records = unpack(ARGV, 8, 12)

if finished(turn) then
  return { 'done', redis.call('ZCARD', CONVERSATION .. '/owed') }
end
if not held(turn, fence) then return { 'lost' } end
if get('state') == 'withdrawn' then return { 'withdrawn' } end
if revision ~= (get('revision') or '0') or not same_key(get('key'), wrapped) then return { 'stale' } end
local unknown = without(without(list(get('posted')), final), removed)
if #unknown > 0 then return { 'unknown', unknown } end
local dirty = get('dirty')
if dirty and dirty ~= ARGV[13] then return { 'dirty', dirty } end

for _, id in ipairs(list(get('claims'))) do
  redis.call('ZREM', CONVERSATION .. '/owed', id)
  if final[1] then redis.call('HSET', CONVERSATION .. '/replies', id, final[1]) end
end
if final[1] then
  set('key', wrapped)
  put(final[1], pack('m', '0', sent, '', sealed))
  redis.call('ZADD', CONVERSATION .. '/win', sent, final[1])
  log(final[1])
  redis.call('HSET', CHANNEL .. '/where', final[1], thread)
end
finish(turn, final)
outlive(messages, records)
look_again()
return { 'done', redis.call('ZCARD', CONVERSATION .. '/owed') }
