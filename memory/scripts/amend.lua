-- Changes a message, newest edit wins: done | key (seal it under this key) | absent | cited (by a reply
-- that the caller has not looked at).
-- Touches at most the 500 messages of the segment that the message is in, and the replies that go.
-- ARGV: conversation, id, version, wrapped key, sealed, replies that depend on it, those that go with
--       its old words (both as json)
local id, version, wrapped, sealed = unpack(ARGV, 2, 5)
local known, going = list(ARGV[6]), list(ARGV[7])
local message = unpack_message(id)
if not message then return { 'absent' } end
if tonumber(version) <= tonumber(message.version) then
  log(id)  -- the caller's index has let go of it
  return { 'done' }
end
local looked_at = {}
for _, each in ipairs(known) do looked_at[each] = true end
for _, each in ipairs(depending(id, string.match(CONVERSATION, '([^:]*)$'))) do
  if not looked_at[each] then return { 'cited' } end
end
local key = get('key')
if not same_key(key, wrapped) then return { 'key', key } end
set('key', wrapped)
unfold(id)
strike(id, version)
put(id, pack(message.state, version, message.sent, message.fingerprint, sealed))
log(id)
if message.state ~= 'm' then freshen(id) end
share_end({ 'fresh' }, 'msg')
bump('revision')
lose_all(going)
return { 'done' }
