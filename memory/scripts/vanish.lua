-- Takes away a key of a space that the bot has left, and where lists name its owner: a conversation, a channel
-- or a person. Not if something newer is there: they are met again. 1: gone | 0: it stays.
-- Touches one key, and for a channel 100 of its threads.
-- ARGV: '', name of the conversation, channel, person or account, until, what of it (as '/msg'; '': nothing more)
local name, until_, what = ARGV[2], tonumber(ARGV[3]), ARGV[4]
local kind, parts = string.match(name, '^%a+'), select(2, string.gsub(name, ':', ''))
local function newer(at) return tonumber(at or 0) > until_ end

local function stale(thread)
  local there = CHANNEL .. ':' .. thread
  if redis.call('EXISTS', there .. '/msg', there .. '/rec') > 0 then return false end
  redis.call('ZREM', CHANNEL .. '/threads', thread)
  return true
end

local function stays()
  if kind == 'account' then return false end
  if kind == 'person' then
    local wrote = redis.call('ZCOUNT', CONVERSATION .. '/where', '(' .. whole(until_), '+inf') > 0
    return wrote or newer(redis.call('HGET', CONVERSATION, 'water')) or redis.call('HEXISTS', CONVERSATION, 'facts') == 1
  end
  if parts == 3 then
    return redis.call('EXISTS', CONVERSATION .. '/msg') == 1 or newer(get('water')) or newer(redis.call('GET', CHANNEL .. '/water'))
  end
  if newer(redis.call('GET', CHANNEL .. '/water')) then return true end
  for _, thread in ipairs(redis.call('ZRANGE', CHANNEL .. '/threads', 0, 99)) do
    if not stale(thread) then return true end
  end
  return redis.call('EXISTS', CHANNEL .. '/threads') == 1
end

if stays() then return 0 end
if what ~= '' or kind == 'person' then redis.call('UNLINK', (parts == 2 and kind ~= 'account' and CHANNEL or CONVERSATION) .. what) end
for _, list_name in ipairs({ 'due', 'expiring', 'quiet', 'behind', 'leaving' }) do redis.call('ZREM', beside(list_name), name) end
return 1
