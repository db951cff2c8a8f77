-- Ends a turn that has nothing left to answer, once its posts are gone: done, owed left | lost | unknown, ids.
-- Touches at most the turn's posts.
-- ARGV: conversation, turn, fence, removed ids
local turn, fence, removed = ARGV[2], ARGV[3], cjson.decode(ARGV[4])
if finished(turn) then
  return { 'done', redis.call('ZCARD', CONVERSATION .. '/owed') }
end
if not held(turn, fence) then return { 'lost' } end
local unknown = without(list(get('posted')), removed)
if #unknown > 0 then return { 'unknown', unknown } end
finish(turn, {})
look_again()
return { 'done', redis.call('ZCARD', CONVERSATION .. '/owed') }
