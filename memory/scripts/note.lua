-- Renews the lease and adds what is visible: lost | held, state, stopped, revision.
-- Touches the posts of one turn. ARGV: conversation, turn, fence, lease ms, grace ms, revision, sealed text, post ids...
local turn, fence, lease, grace, revision, text = ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6], ARGV[7]

local posts = { unpack(ARGV, 8) }

if get('turn') ~= turn then
  if finished(turn) then stray(turn, posts) end
  return { 'lost' }
end

-- Even a holder that lost its fence has to leave word of what it posted.
show(posts)
if not held(turn, fence) then return { 'lost' } end
set('until', whole(milliseconds + lease))
look(milliseconds + lease + grace)
local current = get('revision') or '0'
if text ~= '' and revision == current then set('text', text, 'text_revision', revision) end
return { 'held', get('state'), get('stopped') or '', current }
