. "$NIGHT/night-common.sh"
id='"session_id":"'$session'"'
turn() {
  text='"content":[{"type":"text","text":"x"}],"usage":{"input_tokens":10,"output_tokens":5}'
  echo '{"type":"assistant",'$id',"message":{"id":"m'$(date +%s%N)'","model":"stub",'$text'}}'
  served
}
# result SUBTYPE IS_ERROR WORDS TERMINAL_REASON MORE
result() {
  count=$(turns)
  models='"modelUsage":{"stub":{"inputTokens":'$((count * 10))',"outputTokens":'$((count * 5))'}}'
  end='"terminal_reason":"'$4'","total_cost_usd":0.'$((1000 + count))
  echo '{"type":"result","subtype":"'$1'","is_error":'$2','$id',"result":"'$3'",'$end','$models$5'}'
  echo $((1000 + count)) > "$HOME/cost-$session"
}
finish() { result success false 'all is done' completed; }
echo '{"type":"system","subtype":"init",'$id',"model":"stub","claude_code_version":"9"}'
case $number in
  3) if once limit; then
    info='{"status":"rejected","resetsAt":'$(($(date +%s) + 4))',"rateLimitType":"five_hour"}'
    echo '{"type":"rate_limit_event",'$id',"rate_limit_info":'$info'}'
    result success true 'You have hit your 5-hour limit' api_error ',"api_error":"usage_limit_reached"'
    exit 1
  fi ;;
  5) if once cut; then
    turn
    echo half > half-5
    result success true 'connection broke' api_error ',"api_error":"connection_failed"'
    exit 1
  fi ;;
  7) if once hang; then
    turn
    idle
  fi ;;
  9) if once background; then
    turn
    work
    finish
    idle
  fi ;;
  11) if once denied; then
    turn
    denial='{"tool_name":"Bash","tool_input":{"command":"curl x"}}'
    result success false 'I could not' completed ',"permission_denials":['"$denial"']'
    exit 0
  fi ;;
  13) if once turns; then
    turn
    turn
    result error_max_turns true '' max_turns ',"errors":["Reached maximum number of turns (2)"]'
    exit 1
  fi ;;
  15 | 25) if once kill; then
    turn
    echo half > "half-$number"
    kill_run
  fi ;;
  17)
    turn
    result success false x completed ',"structured_output":{"result":"cannot","reason":"gone","notes":""}'
    exit 0
    ;;
  19) if once fails; then
    turn
    echo wrong > wrong-19
    finish
    exit 0
  fi ;;
esac
turn
work
turn
finish
