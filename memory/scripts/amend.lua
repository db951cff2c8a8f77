-- Changes a message, newest edit wins: done | key (seal it under this key) | absent.
-- Touches at most the 500 messages of the segment that the message is in.
-- ARGV: conversation, id, version, wrapped key, sealed
local id, version, wrapped, sealed = unpack(ARGV, 2, 5)
local message = unpack_message(id)
if not message then return { 'absent' } end
if tonumber(version) <= tonumber(message.version) then
  log(id)  -- the caller's index has let go of it
  return { 'done' }
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
return { 'done' }
