-- Takes a message in, once: owed or quiet, with 1 if it joins the conversation and 1 if what was said
-- before is yet to be read | key (seal it under this key) | pend (an edit came first: its time).
-- Touches what it is about, and three messages of the channel that may have expired.
-- ARGV: conversation, id, fingerprint, twin's fingerprint, sent, version, called, person, writer,
--       follow, wrapped key, key is fresh, sealed, audience, thread, seconds messages and records are kept,
--       how it came ('': just now | past | mine: a past reply of ours | kept: somebody wants it remembered),
--       ms a turn waits for what was said before (0: that is not read)
local _, id, fingerprint, twin, sent, version = unpack(ARGV, 1, 6)
local called, person, writer, follow = ARGV[7] == '1', ARGV[8] == '1', ARGV[9], ARGV[10]
local wrapped, fresh, sealed, audience, thread, messages, records, how, patience = unpack(ARGV, 11, 19)

local SOON = 5000000 -- microseconds after which it comes late

-- A message older than what the seen ids reach back to is never owed.
local late = tonumber(sent) < microseconds - DAY * 1000000

local function owe(owed_id, at)
  redis.call('ZADD', CONVERSATION .. '/owed', at, owed_id)
  share_end({ 'owed' }, 'msg')
  look(milliseconds)
  return { 'owed', get('joined') == at and 1 or 0, get('gap') and 1 or 0 }
end

-- The other delivery of the same post: it may raise overheard to owed, and nothing else.
local function again(original)
  local message = unpack_message(original)
  if message and message.state == 'o' and called and person and not late then
    put(original, pack('c', message.version, message.sent, message.fingerprint, message.sealed))
    return owe(original, message.sent)
  end
  local joins = message and get('joined') == message.sent and 1 or 0
  return { redis.call('ZSCORE', CONVERSATION .. '/owed', original) and 'owed' or 'quiet', joins, get('gap') and 1 or 0 }
end

-- Replies are remembered as one message each, however many posts they have.
local function replied()
  for _, day in ipairs({ today, today - 1 }) do
    if redis.call('HEXISTS', CONVERSATION .. '/done/' .. day, id) == 1 then return true end
  end
  return holds(list(get('posted')), id)
end

if tonumber(sent) <= watermark() then return { 'quiet' } end
if tonumber(sent) <= tonumber(redis.call('HGET', CONVERSATION .. '/waters', writer) or 0) then return { 'quiet' } end
local seen = recent('seen', fingerprint)
local banned = seen and string.sub(seen, 1, 1) == '-'
if banned and twin ~= '' then keep('seen', twin, '-') end
if banned then return { 'quiet' } end
if seen or home(id) then return again(id) end
local original = twin ~= '' and recent('seen', twin)
if original and string.sub(original, 1, 1) == '-' then return { 'quiet' } end
if original then return again(original) end

local joined = get('joined')
if not joined and not called and how ~= 'kept' or how == 'mine' and replied() then return { 'quiet' } end
local pending = recent('pend', fingerprint)
if pending and tonumber(string.match(pending, '^%d+')) > tonumber(version) then return { 'pend', string.match(pending, '^%d+') } end
local key = get('key')
if key and not same_key(key, wrapped) then return { 'key', key } end
if not key and fresh ~= '1' then return { 'key', '' } end

local joins, followed = called and not joined, joined and how == '' and (follow == 'always' or follow == 'one-on-one' and get('writer') == writer)
local owed = person and (called or followed) and not late
if person and how == '' then
  local known = get('writer')
  local now = (not known or known == writer) and writer or '*'
  if now ~= known then set('writer', now) end
end
if joins then set('joined', sent) end
-- Nothing was said before the post a thread begins with; but after it, if it comes late.
if joins and patience ~= '0' and (id ~= thread or tonumber(sent) < microseconds - SOON) then
  open_gap('', id, milliseconds + patience)
end
local before = get('audience')
if before == 'shared' then audience = before end -- the guest who spoke here reads on: only a rescope ends it
if key ~= wrapped or audience ~= before then
  -- A message that comes late tells of an audience its channel has no more.
  local since, now = string.match(redis.call('GET', CHANNEL .. '/scope') or '', '^(%d+) (.*)')
  set('key', wrapped, 'audience', since and tonumber(sent) <= tonumber(since) and now or audience)
end
put(id, pack(how == 'mine' and 'm' or owed and 'c' or 'o', version, sent, fingerprint, sealed))
redis.call('ZADD', CONVERSATION .. '/win', sent, id)
log(id)
if person then freshen(id) end
redis.call('HSET', CHANNEL .. '/where', id, thread)
redis.call('ZADD', CHANNEL .. '/threads', 'GT', sent, thread)
if twin ~= '' then keep('seen', twin, id) end
drop('pend', fingerprint)
outlive(messages, records)
if owed then return owe(id, sent) end
return { 'quiet', joins and 1 or 0, get('gap') and 1 or 0 }
