-- Who learns from a conversation that fell silent: 1, and it is put off, longer each time | 0.
-- Touches one conversation. ARGV: conversation, token, milliseconds of silence
local token, silence = ARGV[2], tonumber(ARGV[3])
if redis.call('EXISTS', CONVERSATION .. '/fresh') == 0 then
  redis.call('ZREM', QUIET, ARGV[1])
  return 0
end
if get('learner') == token then return 1 end
if tonumber(redis.call('ZSCORE', QUIET, ARGV[1]) or milliseconds) > milliseconds - silence then return 0 end
local tries = bump('learning')
set('learner', token)
redis.call('ZADD', QUIET, whole(milliseconds + silence * (2 ^ math.min(tries, 10) - 1)), ARGV[1])
return 1
