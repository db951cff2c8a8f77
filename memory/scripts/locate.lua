-- A remembered post, wherever in the channel it stands: thread, wrapped key, version, sealed, audience.
-- Touches one message. ARGV: '', id
local thread = home(ARGV[2])
if not thread then return {} end
CONVERSATION = CHANNEL .. ':' .. thread
local message = unpack_message(ARGV[2])
return { thread, get('key'), message.version, message.sealed, get('audience') or '' }
