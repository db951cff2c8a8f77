-- A reply was written again, unless it was spoiled once more meanwhile. Touches one turn. ARGV: conversation, turn, mark
if redis.call('HGET', CONVERSATION .. '/spoiled', ARGV[2]) == ARGV[3] then
  redis.call('HDEL', CONVERSATION .. '/spoiled', ARGV[2])
end
if not get('turn') then look_again() end
