-- Touches one turn. Whether this turn is the one that tells the conversation today. ARGV: account, conversation, turn
local told = CONVERSATION .. '/' .. today .. '/told'
redis.call('HSETNX', told, ARGV[2], ARGV[3])
redis.call('EXPIRE', told, 2 * DAY, 'NX')
return redis.call('HGET', told, ARGV[2]) == ARGV[3] and 1 or 0
