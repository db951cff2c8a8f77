-- The record as a reader needs it: unfolded messages, the newest segments (both bounded), what is owed.
local function messages(ids)
  local rows = {}
  for _, id in ipairs(ids) do
    local value = redis.call('HGET', CONVERSATION .. '/msg', id)
    if value then
      local owed = redis.call('ZSCORE', CONVERSATION .. '/owed', id) and '1' or '0'
      rows[#rows + 1] = owed .. id .. '\n' .. value  -- one string: clients read few things faster
    end
  end
  return rows
end

local function segments(limit)
  local rows = {}
  for _, name in ipairs(redis.call('ZREVRANGE', CONVERSATION .. '/sum', 0, limit - 1)) do
    rows[#rows + 1] = name
    rows[#rows + 1] = redis.call('HGET', CONVERSATION .. '/seg', name)
  end
  return rows
end

local function snapshot(ids, most_segments)
  return {
    get('key') or '', get('revision') or '0', messages(ids),
    segments(most_segments), redis.call('ZCARD', CONVERSATION .. '/win'), get('audience') or '',
  }
end

local function newest(limit)
  local ids, turned = redis.call('ZREVRANGE', CONVERSATION .. '/win', 0, limit - 1), {}
  for i = #ids, 1, -1 do turned[#turned + 1] = ids[i] end
  for i, id in ipairs(list(get('claims'))) do
    if not holds(turned, id) then table.insert(turned, i, id) end
  end
  return turned
end

-- What an index that knows the log up to a number has to learn: epoch, number, the number before
-- the first of it, more, rows, keys.
local function changes(epoch, since, limit)
  local current = redis.call('GET', CHANNEL .. '/epoch') or '0'
  if epoch ~= current then since = '0' end
  local after = since
  local found = redis.call('ZRANGEBYSCORE', CHANNEL .. '/log', '(' .. since, '+inf', 'WITHSCORES', 'LIMIT', 0, limit)
  local rows, threads = {}, {}
  for i = 1, #found, 2 do
    local id = found[i]
    since = found[i + 1]
    local thread = home(id)
    if thread then
      threads[thread] = true
      rows[#rows + 1] = thread .. '\n0' .. id .. '\n' .. redis.call('HGET', CHANNEL .. ':' .. thread .. '/msg', id)
    elseif string.sub(id, 1, 1) == '-' then
      rows[#rows + 1] = id
    end
  end
  local wrapped = {}
  for thread in pairs(threads) do
    wrapped[#wrapped + 1] = thread
    wrapped[#wrapped + 1] = redis.call('HGET', CHANNEL .. ':' .. thread .. '/rec', 'key') or ''
  end
  return { current, since, after, limit > 0 and #found == 2 * limit and 1 or 0, rows, wrapped }
end
