-- Takes the lease and freezes what is answered: nothing | turn | debris, turn, ids | spoiled, turn, mark,
-- fence, ids, wrapped key, version, time and seal of the reply.
-- A turn claims at most 100 messages, the oldest; the rest is the next turn's. Touches at most as many
-- messages and segments as the limits say, 4 MB of messages, and the caller's most changes.
-- ARGV: conversation, token, id for a new turn, lease ms, grace ms, most messages, most segments,
--       of the caller's index: epoch, number, most changes, of what the caller opened: wrapped key,
--       revision, names
local token, candidate, lease, grace, limit = ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6]
local holder, expires = get('token'), tonumber(get('until') or 0)
local CLAIMS = 100

local function turn()
  local id, fence, attempt, failures, anchor, began, state, stopped, posted, claims, revision, text_revision, text, based =
    unpack(fields('/rec', { 'turn', 'fence', 'attempt', 'failures', 'anchor', 'began', 'state', 'stopped', 'posted',
      'claims', 'revision', 'text_revision', 'text', 'based' }))
  return {
    'turn', id, fence, attempt, failures or 0, anchor, began, state, stopped or '',
    text_revision == (revision or '0') and text or '', list(posted), list(claims), snapshot(newest(limit), ARGV[7], ARGV[11], ARGV[12], ARGV[13]), changes(ARGV[8], ARGV[9], tonumber(ARGV[10])), based ~= (revision or '0') and 1 or 0,
  }
end

local function hold()
  set('token', token, 'until', whole(milliseconds + lease))
  look(milliseconds + lease + grace)
  return turn()
end

-- Posts of finished turns that should not be there, or that show something else than the reply.
local function left_over()
  local debris = redis.call('HRANDFIELD', CONVERSATION .. '/debris', 1, 'WITHVALUES')
  if #debris > 0 then
    look(milliseconds + lease + grace)
    return { 'debris', debris[1], list(debris[2]) }
  end
  local spoiled = redis.call('HRANDFIELD', CONVERSATION .. '/spoiled', 10, 'WITHVALUES')
  for i = 1, #spoiled, 2 do
    local ids, fence = finished(spoiled[i])
    if ids and ids[1] then
      local reply = unpack_message(ids[1]) or { version = '0', sent = whole(microseconds), sealed = '' }  -- forgotten
      look(milliseconds + lease + grace)
      return { 'spoiled', spoiled[i], spoiled[i + 1], fence, ids, get('key'), reply.version, reply.sent, reply.sealed }
    end
    redis.call('HDEL', CONVERSATION .. '/spoiled', spoiled[i])
  end
  if #spoiled == 20 then return { 'nothing' } end  -- there may be more: the sweep looks again
  redis.call('ZREM', DUE, ARGV[1])
  return { 'nothing' }
end

-- Asked again, by a holder who will count the lease from now.
if holder == token and get('turn') and milliseconds <= expires then return hold() end
if holder and milliseconds <= expires + grace then return { 'nothing' } end

-- What went unheard is read first: what is asked may have been taken back since.
local wait = tonumber(get('wait') or 0)
if milliseconds < wait and (get('turn') or redis.call('EXISTS', CONVERSATION .. '/owed') == 1) then
  look(wait)
  return { 'nothing' }
end

if not get('turn') then
  local owed = redis.call('ZRANGE', CONVERSATION .. '/owed', after_water(), '+inf', 'BYSCORE', 'LIMIT', 0, CLAIMS)
  if #owed == 0 then
    return left_over()
  end
  if finished(candidate) then return { 'nothing' } end  -- asked again, and somebody else was faster
  set('turn', candidate, 'claims', cjson.encode(owed), 'anchor', owed[#owed], 'began', whole(microseconds),
    'state', 'running', 'attempt', 0, 'posted', '[]', 'based', get('revision') or '0')
end
bump('fence')
bump('attempt')
unset('dirty')  -- whoever takes over writes all posts again
return hold()
