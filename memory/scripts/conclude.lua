-- Ends a turn: done, owed left | lost | withdrawn | stale | unknown, ids | dirty, mark (write the posts again).
-- Touches at most the turn's claims and what the reply took words from, about 2,500 messages.
-- ARGV: conversation, turn, fence, revision, wrapped key, final ids, removed ids, sent, sealed reply,
--       thread, seconds messages and records are kept, mark that was dealt with, what the reply took
--       words from (json: id and version of each message; '%THREAD/NAME' and '' of a segment)
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

-- What the reply took words from may have changed in another thread of the channel meanwhile.
local sources = list(ARGV[14])
for _, source in ipairs(sources) do
  if not stands(source[1], source[2]) then
    disturb()  -- else the noted text would be concluded with again
    return { 'stale' }
  end
end

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
  for _, source in ipairs(sources) do cite(CHANNEL .. '/citedby', source[1], final[1]) end
  if #final > 1 then redis.call('HSET', CONVERSATION .. '/posts', final[1], cjson.encode({ unpack(final, 2) })) end
end
finish(turn, final)
outlive(messages, records)
look_again()
return { 'done', redis.call('ZCARD', CONVERSATION .. '/owed') }
