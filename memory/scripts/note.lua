-- Renews the lease and adds what is visible: lost | held, state, stopped, revision.
-- ARGV: conversation, turn, fence, lease ms, grace ms, revision, sealed text, post ids...
local turn, fence, lease, grace, revision, text = ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6], ARGV[7]

local function union(items)
  local fresh = false
  for i = 8, #ARGV do
    if not holds(items, ARGV[i]) then items[#items + 1], fresh = ARGV[i], true end
  end
  return items, fresh
end

if get('turn') ~= turn then
  -- A post that shows up after its turn was concluded: the sweep removes it.
  local done = finished(turn)
  if done then
    local known = list(redis.call('HGET', CONVERSATION .. '/debris', turn))
    local stray = without((union(known)), list(done))
    if #stray > 0 then
      redis.call('HSET', CONVERSATION .. '/debris', turn, cjson.encode(stray))
      redis.call('EXPIRE', CONVERSATION .. '/debris', 30 * DAY, 'NX')
      look_again()
    end
  end
  return { 'lost' }
end

-- Even a holder that lost its fence has to leave word of what it posted.
local posted, fresh = union(list(get('posted')))
if fresh then set('posted', encode(posted)) end
if not held(turn, fence) then return { 'lost' } end
set('until', whole(milliseconds + lease))
look(milliseconds + lease + grace)
local current = get('revision') or '0'
if text ~= '' and revision == current then set('text', text, 'text_revision', revision) end
return { 'held', get('state'), get('stopped') or '', current }
