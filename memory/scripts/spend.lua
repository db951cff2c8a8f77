-- Charges a cost to the day's account, once, and tells how each name stands: name, tokens, turns...
-- Touches the names that are given: those who ask in one turn, its channel and its space.
-- ARGV: account, cost (empty: only tell), its tokens and turns, name...
local day = CONVERSATION .. '/' .. today
local cost, tokens, turns = ARGV[2], ARGV[3], ARGV[4]
local new = cost ~= '' and redis.call('SADD', day .. '/turns', cost) == 1
local answer = {}
for i = 5, #ARGV do
  local name = ARGV[i]
  if new then
    redis.call('HINCRBY', day, name .. ' tokens', tokens)
    redis.call('HINCRBY', day, name .. ' turns', turns)
  end
  local spent = redis.call('HMGET', day, name .. ' tokens', name .. ' turns')
  answer[#answer + 1] = { name, spent[1] or '0', spent[2] or '0' }
end
for _, key in ipairs({ day, day .. '/turns' }) do redis.call('EXPIRE', key, 2 * DAY, 'NX') end
return answer
