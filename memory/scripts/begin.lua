-- Takes the lease and freezes what is answered: nothing | debris | turn.
-- ARGV: conversation, token, id for a new turn, lease ms, grace ms, most messages, most segments,
--       and of the caller's index: epoch, number, most changes
local token, candidate, lease, grace, limit = ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6]
local holder, expires = get('token'), tonumber(get('until') or 0)

local function turn()
  return {
    'turn', get('turn'), get('fence'), get('attempt'), get('failures') or 0, get('anchor'), get('began'), get('state'),
    get('stopped') or '', get('text_revision') == (get('revision') or '0') and get('text') or '',
    list(get('posted')), list(get('claims')), snapshot(newest(limit), ARGV[7]), changes(ARGV[8], ARGV[9], tonumber(ARGV[10])),
  }
end

local function hold()
  set('token', token, 'until', whole(milliseconds + lease))
  look(milliseconds + lease + grace)
  return turn()
end

-- Asked again, by a holder who will count the lease from now.
if holder == token and get('turn') and milliseconds <= expires then return hold() end
if holder and milliseconds <= expires + grace then return { 'nothing' } end

if not get('turn') then
  local owed = redis.call('ZRANGE', CONVERSATION .. '/owed', 0, -1)
  if #owed == 0 then
    local debris = redis.call('HGETALL', CONVERSATION .. '/debris')
    if #debris > 0 then
      look(milliseconds + lease + grace)
      return { 'debris', debris[1], list(debris[2]) }
    end
    redis.call('ZREM', DUE, ARGV[1])
    return { 'nothing' }
  end
  set('turn', candidate, 'claims', cjson.encode(owed), 'anchor', owed[#owed], 'began', whole(microseconds),
    'state', 'running', 'attempt', 0, 'posted', '[]')
end
bump('fence')
bump('attempt')
return hold()
