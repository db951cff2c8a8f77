-- A remembered post, wherever in the channel it stands: thread, wrapped key, version, sealed. ARGV: '', id
local thread = redis.call('HGET', CHANNEL .. '/where', ARGV[2])
if not thread then return {} end
CONVERSATION = CHANNEL .. ':' .. thread
local message = unpack_message(ARGV[2])
if not message then return {} end
return { thread, get('key'), message.version, message.sealed }
