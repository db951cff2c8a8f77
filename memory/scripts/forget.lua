-- Forgets up to a time: done, messages, segments | survivors, key, (id, value)...
-- What came later is given back to be sealed under the new key, and must not have changed meanwhile.
-- ARGV: conversation, water, whole channel, new wrapped key, thread, (id, version, sealed)...
local water, whole_channel, wrapped, thread = tonumber(ARGV[2]), ARGV[3] == '1', ARGV[4], ARGV[5]
if whole_channel and water > tonumber(redis.call('GET', CHANNEL .. '/water') or 0) then
  redis.call('SET', CHANNEL .. '/water', ARGV[2], 'EX', 90 * DAY)
end
if tonumber(get('water') or 0) >= water then
  local receipt = list(get('receipt'))
  return { 'done', receipt[1] or 0, receipt[2] or 0 }
end

local resealed, given = {}, 0
for i = 6, #ARGV, 3 do resealed[ARGV[i]] = { version = ARGV[i + 1], sealed = ARGV[i + 2] }; given = given + 1 end
local stored, going = redis.call('HKEYS', CONVERSATION .. '/msg'), {}
local gone, survivors, fits = {}, {}, true
for _, id in ipairs(stored) do
  local message = unpack_message(id)
  survivors[id] = message
  if tonumber(message.sent) <= water then going[#going + 1] = id end
end
for _, name in ipairs(redis.call('HKEYS', CONVERSATION .. '/cover')) do going[#going + 1] = '%' .. thread .. '/' .. name end
going = depending_all(going, thread)
local everything = {}
for id in pairs(going) do everything[#everything + 1] = id end
for _, id in ipairs(stored) do
  if going[id] then survivors[id] = nil end
  if not survivors[id] then
    gone[#gone + 1] = id
  else
    given = given - 1
    fits = fits and resealed[id] ~= nil and resealed[id].version == survivors[id].version
  end
end
if not fits or given ~= 0 then
  local answer = { 'survivors', get('key') }
  for id, message in pairs(survivors) do
    answer[#answer + 1] = id
    answer[#answer + 1] = message.version
    answer[#answer + 1] = message.sealed
  end
  return answer
end

local segments = redis.call('ZCARD', CONVERSATION .. '/sum')
for _, kind in ipairs({ 'seg', 'cover', 'sum', 'above' }) do redis.call('DEL', CONVERSATION .. '/' .. kind) end
if #gone > 0 then
  local past, rest = {}, {}
  for _, id in ipairs(gone) do past[id], past['-' .. id] = true, true end
  for _, entry in ipairs(redis.call('LRANGE', CHANNEL .. '/log', 0, -1)) do
    if not past[entry] then rest[#rest + 1] = entry end
  end
  for _, id in ipairs(gone) do
    local message = unpack_message(id)
    if message and message.fingerprint ~= '' then keep('seen', message.fingerprint, '') end
  end
  lose_all(everything)
  redis.call('DEL', CHANNEL .. '/log')
  for _, entry in ipairs(rest) do redis.call('RPUSH', CHANNEL .. '/log', entry) end
  redis.call('EXPIRE', CHANNEL .. '/log', math.max(redis.call('TTL', CHANNEL .. '/count'), 1))
end
begin_anew()
local resting = redis.call('HGETALL', CHANNEL .. '/facts')
for i = 1, #resting, 2 do
  local at, sent = string.match(resting[i + 1], '^(%S*) (%d+)')
  if tonumber(sent) <= water and (at == thread or whole_channel and not home(resting[i])) then strike(resting[i], 'gone') end
end
unset('key', 'joined', 'writer', 'text', 'text_revision')
for id, message in pairs(survivors) do
  redis.call('HSET', CONVERSATION .. '/msg', id, pack(message.state, message.version, message.sent, message.fingerprint, resealed[id].sealed))
  redis.call('ZADD', CONVERSATION .. '/win', message.sent, id)
  set('key', wrapped)
  if message.state == 'c' then set('joined', message.sent, 'writer', '*') end  -- who it was is sealed
end
if not get('joined') then close_gap() end
if not next(survivors) then redis.call('ZREM', CHANNEL .. '/threads', thread) end
-- Of a single thread nobody knows which edits wait for its messages; they are times, no texts.
for _, day in ipairs(whole_channel and { today, today - 1 } or {}) do
  local pending = redis.call('HGETALL', CHANNEL .. '/pend/' .. day)
  for i = 1, #pending, 2 do
    if tonumber(string.match(pending[i + 1], '^%d+')) <= water then redis.call('HDEL', CHANNEL .. '/pend/' .. day, pending[i]) end
  end
end
bump('revision')
set('water', ARGV[2], 'receipt', cjson.encode({ #gone, segments }))
redis.call('EXPIRE', CONVERSATION .. '/rec', 90 * DAY, 'NX')
redis.call('EXPIRE', CONVERSATION .. '/rec', 90 * DAY, 'GT')
look_again()
return { 'done', #gone, segments }
