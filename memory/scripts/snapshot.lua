-- Rows in one string, behind their sizes: clients read few things faster.
local function joined(rows)
  local sizes = {}
  for i, row in ipairs(rows) do sizes[i] = #row end
  return { table.concat(sizes, ' '), table.concat(rows) }
end

-- Some fields of a hash, in the order asked for.
local function fields(kind, names)
  return #names > 0 and redis.call('HMGET', CONVERSATION .. kind, unpack(names)) or {}
end

-- All names, and a row of name and value for those that the reader does not hold.
local function listed(kind, names, held)
  local missing, rows = {}, {}
  for _, name in ipairs(names) do
    if not held[name] then missing[#missing + 1] = name end
  end
  for i, value in ipairs(fields(kind, missing)) do
    if value then rows[#rows + 1] = missing[i] .. '\n' .. value end
  end
  return { table.concat(names, '\n'), joined(rows) }
end

-- The record as a reader needs it: unfolded messages, the newest segments (both bounded), what is owed.
-- What it holds (ids, names) is only named, if it was opened with this key and nothing was changed since
-- this revision.
local function snapshot(ids, most_segments, opened_with, as_of, names)
  local key, revision, audience = unpack(fields('/rec', { 'key', 'revision', 'audience' }))
  local held = {}
  if key and key == opened_with and (revision or '0') == as_of then
    for name in string.gmatch(names, '[^\n]+') do held[name] = true end
  end
  local segments = redis.call('ZREVRANGE', CONVERSATION .. '/sum', 0, most_segments - 1)
  return {
    key or '', revision or '0', listed('/msg', ids, held), listed('/seg', segments, held),
    redis.call('ZRANGE', CONVERSATION .. '/owed', 0, -1), redis.call('ZCARD', CONVERSATION .. '/win'), audience or '',
  }
end

local function newest(limit)
  local ids = redis.call('ZRANGE', CONVERSATION .. '/win', -limit, -1)
  for i, id in ipairs(list(get('claims'))) do
    if not holds(ids, id) then table.insert(ids, i, id) end
  end
  return ids
end

-- What an index that knows the log up to a number has to learn: epoch, number, the number before
-- the first of it, more, rows, keys.
local function changes(epoch, since, limit)
  local current = redis.call('GET', CHANNEL .. '/epoch') or '0'
  since = epoch == current and tonumber(since) or 0
  -- The log's entries are numbered by how many came before them, those it forgot included.
  local forgotten = tonumber(redis.call('GET', CHANNEL .. '/count') or 0) - redis.call('LLEN', CHANNEL .. '/log')
  local start = math.max(since - forgotten, 0)
  local found = limit > 0 and redis.call('LRANGE', CHANNEL .. '/log', start, start + limit - 1) or {}
  local rows, threads = {}, {}
  for _, id in ipairs(found) do
    local thread = redis.call('HGET', CHANNEL .. '/where', id)
    local value = thread and redis.call('HGET', CHANNEL .. ':' .. thread .. '/msg', id)
    if value then
      threads[thread] = true
      rows[#rows + 1] = thread .. '\n' .. id .. '\n' .. value
    elseif string.sub(id, 1, 1) == '-' then
      rows[#rows + 1] = id
    end
  end
  local wrapped = {}
  for thread in pairs(threads) do
    wrapped[#wrapped + 1] = thread
    wrapped[#wrapped + 1] = redis.call('HGET', CHANNEL .. ':' .. thread .. '/rec', 'key') or ''
  end
  local number = #found > 0 and forgotten + start + #found or since
  return { current, number, since, limit > 0 and #found == limit and 1 or 0, joined(rows), wrapped }
end
