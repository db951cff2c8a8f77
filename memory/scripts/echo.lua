-- The platform shows one of our posts, new or changed. ARGV: conversation, id, turn, fence of who wrote
-- what it shows (0: unknown), mark. Touches the posts of one turn.
local id, turn, fence, mark = ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5]
if get('turn') == turn then
  show({ id })
  if fence > 0 and fence < tonumber(get('fence')) then set('dirty', mark) end
  return
end
local ids, last = finished(turn)
if not ids then return end
stray(turn, { id })
if holds(ids, id) and fence > 0 and fence < last then
  redis.call('HSET', CONVERSATION .. '/spoiled', turn, mark)
  redis.call('EXPIRE', CONVERSATION .. '/spoiled', 2 * DAY, 'NX')
  look_again()
end
