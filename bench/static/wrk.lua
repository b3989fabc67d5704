-- What was measured, as one line of JSON, in place of sums that are rounded for people.
function done(summary, latency, requests)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  print(string.format('{"answers":%d,"bytes":%d,"micros":%d,"failed":%d}',
    summary.requests, summary.bytes, summary.duration, failed))
end
