. "$NIGHT/night-common.sh"
turn() {
  echo '{"type":"item.completed","item":{"type":"agent_message","text":"x"}}'
  served
}
fail() { echo '{"type":"turn.failed","error":{"message":"'"$1"'"}}'; }
finish() {
  count=$(turns)
  usage='"input_tokens":'$((count * 10))',"cached_input_tokens":0,"output_tokens":'$((count * 5))
  echo '{"type":"turn.completed","usage":{'$usage'}}'
}
echo '{"type":"thread.started","thread_id":"'$session'"}'
case $number in
  4) if once limit; then
    fail 'exceeded retry limit, last status: 429 Too Many Requests'
    exit 1
  fi ;;
  8) if once cut; then
    turn
    fail 'stream disconnected before completion: x'
    exit 1
  fi ;;
esac
turn
work
finish
