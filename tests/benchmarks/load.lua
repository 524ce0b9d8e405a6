-- The load, for wrk. BENCH_KIND says what is asked; BENCH_TOKENS, BENCH_IDS and BENCH_CATEGORIES
-- are files with one value a line; BENCH_PATH is asked as it is by the kind "path".
local function lines(name)
  local found = {}
  if os.getenv(name) then
    for line in io.lines(os.getenv(name)) do found[#found + 1] = line end
  end
  return found
end
local function any(list) return list[math.random(#list)] end

local kind, run = os.getenv("BENCH_KIND"), os.getenv("BENCH_RUN")
local ids, categories, headers = lines("BENCH_IDS"), lines("BENCH_CATEGORIES"), {}
for i, token in ipairs(lines("BENCH_TOKENS")) do
  headers[i] = { ["Authorization"] = "Bearer " .. token, ["Content-Type"] = "application/json" }
end
math.randomseed(tonumber(os.getenv("BENCH_SEED")))
local base, made = "/api/v1/items", 0
local words = string.rep("a line of some words, ", 9)

local ask = {
  list = function() return "GET", base .. "?page=1&page_size=50" end,
  detail = function() return "GET", base .. "/" .. any(ids) end,
  search = function() return "GET", base .. "?search=" .. math.random(100, 999) end,
  patch = function()
    local body = '{"unit_price": "%d", "description": "%s"}'
    return "PATCH", base .. "/" .. any(ids), body:format(math.random(999), words)
  end,
  post = function()
    made = made + 1
    local body = '{"sku": "BENCH-%s-%d", "name": "Made %d", "description": "%s", "category_id": %s,'
      .. ' "unit_price": "%d.30", "tags": ["a", "b"], "attributes": {"k": 1}}'
    return "POST", base, body:format(run, made, made, words, any(categories), math.random(999))
  end,
  path = function() return "GET", os.getenv("BENCH_PATH") end,
}

request = function()
  local method, path, body = ask[kind]()
  return wrk.format(method, path, any(headers), body)
end

done = function(summary, latency)
  local e = summary.errors
  io.write(string.format("RESULT %.3f %.3f %.3f %d\n",
    summary.requests / summary.duration * 1e6,
    latency:percentile(50) / 1000, latency:percentile(95) / 1000,
    e.status + e.connect + e.read + e.write + e.timeout))
end
