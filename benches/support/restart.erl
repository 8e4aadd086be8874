%% The same measurement on Erlang/OTP: kill a supervised gen_server and call it until the new one answers.
-module(restart).
-behaviour(supervisor).
-export([main/1, init/1, start_link/0, handle_call/3]).

main([Rounds]) ->
    logger:set_primary_config(level, none),
    N = list_to_integer(Rounds),
    process_flag(trap_exit, true),
    {ok, _} = supervisor:start_link({local, sup}, ?MODULE, sup),
    Times = lists:sort([round_trip() || _ <- lists:seq(1, N)]),
    io:format("~p ~p~n", [lists:nth(N div 2, Times), lists:nth(N * 99 div 100, Times)]),
    halt(0).

round_trip() ->
    Old = whereis(child),
    Start = erlang:monotonic_time(nanosecond),
    exit(Old, kill),
    ok = answers(Old),
    erlang:monotonic_time(nanosecond) - Start.

answers(Old) ->
    case whereis(child) of
        New when is_pid(New), New =/= Old ->
            try gen_server:call(New, ping) of pong -> ok catch _:_ -> answers(Old) end;
        _ -> erlang:yield(), answers(Old)
    end.

start_link() -> gen_server:start_link({local, child}, ?MODULE, child, []).

init(sup) ->
    Child = #{id => child, start => {?MODULE, start_link, []}},
    {ok, {#{strategy => one_for_one, intensity => 1000000000, period => 1}, [Child]}};
init(child) -> {ok, none}.

handle_call(ping, _From, State) -> {reply, pong, State}.
