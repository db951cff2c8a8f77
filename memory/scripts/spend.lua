-- Adds what a turn cost to the day's account, once, and tells how each name stands: name, tokens, turns...
-- ARGV: account, turn (empty: only tell), tokens, name...
local day = CONVERSATION .. '/' .. today
local turn, tokens = ARGV[2], ARGV[3]
local new = turn ~= '' and redis.call('SADD', day .. '/turns', turn) == 1
local answer = {}
for i = 4, #ARGV do
  local name = ARGV[i]
  if new then
    redis.call('HINCRBY', day, name .. ' tokens', tokens)
    redis.call('HINCRBY', day, name .. ' turns', 1)
  end
  local spent = redis.call('HMGET', day, name .. ' tokens', name .. ' turns')
  answer[#answer + 1] = { name, spent[1] or '0', spent[2] or '0' }
end
for _, key in ipairs({ day, day .. '/turns' }) do redis.call('EXPIRE', key, 2 * DAY, 'NX') end
return answer
