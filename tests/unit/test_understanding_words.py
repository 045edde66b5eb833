"""What people want, and of which figure, in their own words: hundreds of ways to ask."""

from __future__ import annotations

import pytest

from monitoring.agent.exclusions import excluded_in
from monitoring.agent.languages import in_english
from monitoring.agent.naming import components_in, corrected
from monitoring.agent.paraphrases import PARAPHRASES, reworded
from monitoring.agent.planning import plan
from monitoring.agent.request import Request
from monitoring.agent.understanding import understand
from platform_metrics_definition import CATALOGUE
from tests.unit.agent_replies import INSTANCES, NOW

# question, the intents that serve it, and a metric it must look at
WANTED = [
    ("since when is kafka lagging", "since", ""),
    ("since what time is ch-1 in trouble", "since", ""),
    ("when did consumer lag start rising", "since", "consumer_group_lag"),
    ("when did the problems start", "since", ""),
    ("when did the incident begin", "since", ""),
    ("how long has this been going on", "since", ""),
    ("how long is flink already degraded", "since", ""),
    ("for how long are inserts delayed", "since", "delayed_inserts_rate"),
    ("which anomaly came first", "since,cascade", ""),
    ("what broke first", "since,cascade", ""),
    ("what was the first thing to fail", "since,cascade", ""),
    ("which component failed first", "since,cascade", ""),
    ("is it over?", "status", ""),
    ("is the situation improving", "trend", ""),
    ("are things getting better", "trend", ""),
    ("is kafka recovering", "trend", ""),
    ("did the lag recover", "trend", "consumer_group_lag"),
    ("is the problem still there", "status", ""),
    ("is flink back to normal", "trend,status", ""),
    ("when was the last checkpoint failure", "list,since", "failed_checkpoint_rate"),
    ("when did broker-2 last have a problem", "list,since", ""),
    ("how old is the oldest open anomaly", "since", ""),
    ("when exactly did clickhouse go bad", "since", ""),
    ("is the backpressure getting worse or better", "trend", "backpressured_time_ratio"),
    ("has the situation changed since 10", "trend,list", ""),
    ("when will clickhouse run out of disk", "forecast", "disk_free_ratio"),
    ("when will the brokers be full", "forecast", "broker_disk_used_ratio"),
    ("how long until the kafka disks are full", "forecast", "broker_disk_used_ratio"),
    ("how many days until disk is full on ch-2", "forecast", "disk_free_ratio"),
    ("will we run out of disk space", "forecast", ""),
    ("is any disk going to fill up soon", "forecast", ""),
    ("are the disks going to be full by friday", "forecast", ""),
    ("will memory be exhausted on clickhouse", "forecast", "memory_used_ratio"),
    ("do we have enough disk for the next 3 days", "forecast", ""),
    ("how much headroom does broker heap have", "forecast", "broker_heap_used_ratio"),
    ("will consumer lag keep growing", "forecast,trend", "consumer_group_lag"),
    ("at the current rate, when does the state exceed its limit", "forecast", "checkpoint_state_size"),
    ("forecast for parts", "forecast", "max_parts_per_partition"),
    ("is there a risk of running out of memory in flink", "forecast", "taskmanager_heap_used_ratio"),
    ("extrapolate broker disk usage", "forecast", "broker_disk_used_ratio"),
    ("what will the lag be in 2 hours", "forecast", "consumer_group_lag"),
    ("could the broker disks overflow this weekend", "forecast", "broker_disk_used_ratio"),
    ("how long will the disk space last", "forecast", ""),
    ("is the replication queue going to explode", "forecast", "replication_queue_size"),
    ("will checkpoints time out soon", "forecast", ""),
    ("project free disk space for tomorrow", "forecast", "disk_free_ratio"),
    ("will tm-2 run out of heap tonight", "forecast", "taskmanager_heap_used_ratio"),
    ("does the heap reach 100% today", "forecast", ""),
    ("what does consumer lag mean", "define", "consumer_group_lag"),
    ("what is meant by backpressure", "define", "backpressured_time_ratio"),
    ("what is backpressure", "define", "backpressured_time_ratio"),
    ("what's an unclean leader election", "define", "unclean_leader_elections"),
    ("define ISR", "define", "isr_shrink_rate"),
    ("what does URP stand for", "define", "under_replicated_partitions"),
    ("what's the meaning of offline partitions", "define", "offline_partitions"),
    ("explain max_parts_per_partition", "define", "max_parts_per_partition"),
    ("explain checkpoint alignment", "define,unclear", ""),
    ("what are parts", "define", "max_parts_per_partition"),
    ("can you explain back pressure to me", "define", "backpressured_time_ratio"),
    ("could you explain what consumer lag is", "define", "consumer_group_lag"),
    ("what is event time lag exactly", "define", "event_time_lag"),
    ("what does request_handler_idle_ratio measure", "define", "request_handler_idle_ratio"),
    ("how is consumer lag calculated", "define", "consumer_group_lag"),
    ("tell me what the replication queue is", "define", "replication_queue_size"),
    ("what is a cascade_forward", "define", ""),
    ("what is resource exhaustion", "define", ""),
    ("what do you mean by network partition", "define", ""),
    ("what is a cascade", "define", ""),
    ("explain the term watermark lag", "define", "event_time_lag"),
    ("what is the purpose of the controller", "define", "active_controller_count"),
    ("what is under min ISR", "define", "under_min_isr_partitions"),
    ("meaning of GC time", "define", ""),
    ("i don't understand what 'keeper exceptions' are", "define", "keeper_exceptions_rate"),
    ("what does it mean when a replica is read-only", "define", "readonly_replicas"),
    ("what does it mean if checkpoints fail", "define", "failed_checkpoint_rate"),
    ("definition of job restart rate please", "define", "job_restart_rate"),
    ("what is rows per insert about", "define", "rows_per_insert"),
    ("whats a consumer group lag", "define", "consumer_group_lag"),
    ("what is a critical anomaly", "define,threshold", ""),
    ("what does critical mean", "define", ""),
    ("what does pending mean", "define", ""),
    ("what kinds of anomalies do you detect", "inventory,help", ""),
    ("how do you detect anomalies", "help,inventory", ""),
    ("which metrics do you watch", "inventory", ""),
    ("what is the limit for heap usage of brokers", "threshold", "broker_heap_used_ratio"),
    ("when is consumer lag critical", "threshold", "consumer_group_lag"),
    ("when does consumer lag become critical", "threshold", "consumer_group_lag"),
    ("from which lag on do you warn", "threshold", "consumer_group_lag"),
    ("how much lag is too much", "threshold", "consumer_group_lag"),
    ("how much lag is normal", "threshold", "consumer_group_lag"),
    ("how many parts are too many", "threshold", "max_parts_per_partition"),
    ("is 300 parts a lot", "threshold", "max_parts_per_partition"),
    ("what's a normal p95 for queries", "threshold", "query_duration_p95"),
    ("what is a healthy heap usage for task managers", "threshold", "taskmanager_heap_used_ratio"),
    ("what counts as slow for a query", "threshold", "query_duration_p95"),
    ("at what level do you alert on backpressure", "threshold", "backpressured_time_ratio"),
    ("at how much free disk do you alert", "threshold", "disk_free_ratio"),
    ("thresholds of kafka", "threshold", ""),
    ("show me all flink thresholds", "threshold", ""),
    ("what are the thresholds for checkpoint duration", "threshold", "checkpoint_duration"),
    ("critical level for replication lag", "threshold", "replication_lag_seconds"),
    ("what triggers a warning for GC", "threshold", ""),
    ("which value of under-replicated partitions is bad", "threshold", "under_replicated_partitions"),
    ("how high may the p99 produce latency get", "threshold", "produce_latency_p99"),
    ("how long may a checkpoint take", "threshold", "checkpoint_duration"),
    ("what lag would you consider critical", "threshold", "consumer_group_lag"),
    ("what is considered high memory in clickhouse", "threshold", "memory_used_ratio"),
    ("max acceptable replication lag", "threshold", "replication_lag_seconds"),
    ("when would you raise an alarm for the keeper", "threshold", "keeper_exceptions_rate"),
    ("what number of failed checkpoints is acceptable", "threshold", "failed_checkpoint_rate"),
    ("how do you decide that disk is critical", "threshold", ""),
    ("how full may a disk get", "threshold", ""),
    ("which limits do you use for clickhouse parts", "threshold", "max_parts_per_partition"),
    ("warning level of task busy ratio", "threshold", "task_busy_ratio"),
    ("when do you consider a job down", "threshold", "job_not_running_seconds"),
    ("what can i ask you", "help", ""),
    ("what are you able to do", "help", ""),
    ("help me please", "help", ""),
    ("how can you help me", "help", ""),
    ("what are your features", "help", ""),
    ("which questions can you answer", "help", ""),
    ("list some questions I can ask", "help", ""),
    ("what do you know", "help", ""),
    ("who made you", "help,unclear", ""),
    ("tell me a joke", "unclear", ""),
    ("what's the capital of france", "unclear", ""),
    ("is postgres ok?", "foreign", ""),
    ("is our mysql database slow", "foreign", ""),
    ("can you book me a flight", "unclear", ""),
    ("how tall is mount everest", "unclear", ""),
    ("what's 2+2", "unclear", ""),
    ("sing me a song", "unclear", ""),
    ("blah blah", "unclear", ""),
    ("good morning", "help", ""),
    ("hi there", "help", ""),
    ("thanks a lot", "help", ""),
    ("thank you very much!", "help", ""),
    ("is elasticsearch up", "foreign", ""),
    ("how many nodes are affected", "count,list,status", ""),
    ("how many brokers have problems", "count", ""),
    ("how many tables are read-only", "value,count", "readonly_replicas"),
    ("how many kafka alerts fired yesterday", "count", ""),
    ("number of incidents this week", "count", ""),
    ("count the warnings of today", "count", ""),
    ("how many times did inserts get rejected today", "count", "rejected_inserts_rate"),
    ("how many jobs restarted in the last 24 hours", "count,value", "job_restart_rate"),
    ("how many checkpoints failed since midnight", "count,value,trend", "failed_checkpoint_rate"),
    ("how many consumer groups are lagging", "count,value,list", "consumer_group_lag"),
    ("total number of anomalies in clickhouse this week", "count", ""),
    ("how many of the anomalies are critical", "count", ""),
    ("how many alerts per component today", "count", ""),
    ("how many problems are still unresolved", "count", ""),
    ("how many cascades happened today", "cascade,count", ""),
    ("which broker had the most anomalies today", "list,count", ""),
    ("which component has the most problems", "list,count,status", ""),
    ("list all open incidents", "list,status", ""),
    ("show me the warnings", "list,status", ""),
    ("show the critical alerts of the last hour", "list", ""),
    ("which consumer groups are behind", "list,value,status", "consumer_group_lag"),
    ("which topics have under-replicated partitions", "list,value,status", "under_replicated_partitions"),
    ("list the replicas that lag behind in clickhouse", "list,value,status", "replication_lag_seconds"),
    ("what problems did we have on monday", "list", ""),
    ("what is currently failing", "status,list,diagnose", ""),
    ("anything unusual", "status,list", ""),
    ("anything i should know about", "status,list", ""),
    ("what needs my attention", "status,list", ""),
    ("which instances are critical", "list,status", ""),
    ("which tasks are backpressured", "list,value,status", "backpressured_time_ratio"),
    ("top 5 consumer groups by lag", "value,list,status", "consumer_group_lag"),
    ("worst 3 tables by parts", "value,list,status", "max_parts_per_partition"),
    ("which node has the least free disk", "value", "disk_free_ratio"),
    ("which table has the longest replication queue", "value", "replication_queue_size"),
    ("busiest broker", "value,list,status", "request_handler_idle_ratio"),
    ("the slowest checkpoint today", "value,trend", "checkpoint_duration"),
    ("fullest broker disk", "value", "broker_disk_used_ratio"),
    ("most loaded task manager by heap", "value", "taskmanager_heap_used_ratio"),
    ("biggest job state", "value", "checkpoint_state_size"),
    ("trend of heap on tm-1", "trend", "taskmanager_heap_used_ratio"),
    ("show the history of replication lag", "trend", "replication_lag_seconds"),
    ("plot messages in for the last day", "trend", "messages_in_rate"),
    ("did consumer lag drop after 11:00", "trend", "consumer_group_lag"),
    ("has memory use in clickhouse increased since yesterday", "trend", "memory_used_ratio"),
    ("is query latency stable", "trend", "query_duration_p95"),
    ("how has backpressure developed over the last 4 hours", "trend", "backpressured_time_ratio"),
    ("is throughput of flink dropping", "trend", "job_records_out_rate"),
    ("did the number of running queries spike today", "trend", "running_queries"),
    ("are restarts becoming more frequent", "trend", "job_restart_rate"),
    ("is inserted rows rate going down", "trend", "inserted_rows_rate"),
    ("how is disk usage of brokers growing", "trend", "broker_disk_used_ratio"),
    ("is gc time creeping up on the brokers", "trend", "broker_gc_time_ratio"),
    ("graph p99 produce latency since 8", "trend", "produce_latency_p99"),
    ("is kafka worse than yesterday", "compare", ""),
    ("compare kafka and flink", "contrast", ""),
    ("compare this morning with yesterday morning", "compare", ""),
    ("compare lag between 10 and 11 with the hour before", "compare", "consumer_group_lag"),
    ("how much higher is the lag than usual", "compare", "consumer_group_lag"),
    ("backpressure now vs 2 hours ago", "compare", "backpressured_time_ratio"),
    ("is produce latency higher than this time yesterday", "compare", "produce_latency_p99"),
    ("more incidents this week than last week?", "compare", ""),
    ("did flink process fewer records today than yesterday", "compare", "job_records_out_rate"),
    ("difference between today and yesterday for failed queries", "compare", "failed_query_ratio"),
    ("kafka throughput week over week", "compare", "messages_in_rate"),
    ("is heap of broker-1 as high as yesterday", "compare", "broker_heap_used_ratio"),
    ("compare last hour to the previous hour for parts", "compare", "max_parts_per_partition"),
    ("what should we check first in clickhouse", "advice", ""),
    ("how do i get rid of too many parts", "advice", "max_parts_per_partition"),
    ("how can we reduce consumer lag", "advice", "consumer_group_lag"),
    ("what can i do about the lag", "advice", "consumer_group_lag"),
    ("what are the usual causes of under-replicated partitions", "advice", "under_replicated_partitions"),
    ("why would checkpoints fail", "diagnose,advice", "failed_checkpoint_rate"),
    ("what are possible reasons for backpressure", "advice", "backpressured_time_ratio"),
    ("any tips for high gc time", "advice", ""),
    ("who do i call", "advice,unclear", ""),
    ("where should i look", "advice", ""),
    ("recommendations for flink", "advice", ""),
    ("clickhouse is slow, what do I do", "advice", ""),
    ("lag is growing. what now?", "advice", "consumer_group_lag"),
    ("did the kafka problem come from clickhouse", "cascade", ""),
    ("is the lag caused by flink", "cascade,diagnose", ""),
    ("did clickhouse drag down flink", "cascade", ""),
    ("are these incidents connected", "cascade", ""),
    ("is it one incident or several", "cascade", ""),
    ("what did the clickhouse problem affect", "cascade", ""),
    ("did the trouble spread from clickhouse to kafka", "cascade", ""),
    ("is the flink problem a consequence of clickhouse", "cascade", ""),
    ("any chain reactions today", "cascade", ""),
    ("which component is the root cause", "diagnose,cascade", ""),
    ("who is to blame", "cascade,diagnose", ""),
    ("what triggered the lag", "diagnose,cascade", ""),
    ("is kafka the culprit", "diagnose", ""),
    ("show me cascades of this week", "cascade", ""),
    ("do kafka and flink problems have the same cause", "cascade", ""),
    ("is broker-1 running hot", "status,value", ""),
    ("is the cluster alright", "status", ""),
    ("do we have problems in flink", "status,list", ""),
    ("kafka?", "status", ""),
    ("ch", "status", ""),
    ("flink good?", "status", ""),
    ("anything red?", "status", ""),
    ("how are we doing", "status", ""),
    ("what's up", "status,help,diagnose", ""),
    ("is anything on fire", "status", ""),
    ("how's the night going", "status,list", ""),
    ("everything fine in kafka?", "status", ""),
    ("kafka fine, flink?", "status", ""),
    ("tell me about clickhouse", "status", ""),
    ("give me a rundown", "status,list", ""),
    ("morning briefing please", "status,list", ""),
    ("anything happen while i was asleep", "list,status", ""),
    ("is any consumer stuck", "status,list", ""),
    ("did anything break overnight", "list", ""),
    ("are all brokers healthy", "status", ""),
    ("are all jobs running", "status,value", "job_not_running_seconds"),
    ("are there any failed jobs", "status,list,value", "job_not_running_seconds"),
    ("is data fresh", "status,silent,value", ""),
    ("did we lose data", "status,list,value", ""),
    ("is any collector down", "silent", ""),
    ("any gaps in the data", "silent", ""),
    ("what stopped reporting", "silent", ""),
]

# question, component, metric
FIGURES = [
    ("are any replicas out of sync", "kafka", "under_replicated_partitions"),
    ("replicas falling behind in kafka", "kafka", "under_replicated_partitions"),
    ("partitions with missing replicas", "kafka", "under_replicated_partitions"),
    ("are all partitions fully replicated", "kafka", "under_replicated_partitions"),
    ("not enough in-sync replicas?", "kafka", "under_min_isr_partitions"),
    ("partitions below min isr", "kafka", "under_min_isr_partitions"),
    ("do any partitions have no leader", "kafka", "offline_partitions"),
    ("unavailable partitions", "kafka", "offline_partitions"),
    ("leaderless partitions today", "kafka", "offline_partitions"),
    ("how many controllers are active", "kafka", "active_controller_count"),
    ("is there a split brain", "kafka", "active_controller_count"),
    ("did we lose a broker", "kafka", "active_brokers"),
    ("is a broker missing", "kafka", "active_brokers"),
    ("are all brokers online", "kafka", "active_brokers"),
    ("number of live brokers", "kafka", "active_brokers"),
    ("how many brokers do we have", "kafka", "active_brokers"),
    ("is the isr shrinking", "kafka", "isr_shrink_rate"),
    ("isr churn", "kafka", "isr_shrink_rate"),
    ("unclean elections today", "kafka", "unclean_leader_elections"),
    ("are consumers falling behind", "kafka", "consumer_group_lag"),
    ("are the consumers keeping up", "kafka", "consumer_group_lag"),
    ("how far behind are the consumers", "kafka", "consumer_group_lag"),
    ("unread messages", "kafka", "consumer_group_lag"),
    ("how many messages are waiting in kafka", "kafka", "consumer_group_lag"),
    ("how many seconds are the consumers behind", "kafka", "consumer_group_lag_seconds"),
    ("consumer delay in minutes", "kafka", "consumer_group_lag_seconds"),
    ("messages per second", "kafka", "messages_in_rate"),
    ("how many messages come in", "kafka", "messages_in_rate"),
    ("kafka traffic", "kafka", "messages_in_rate"),
    ("incoming messages on topic orders", "kafka", "messages_in_rate"),
    ("how much data flows into kafka", "kafka", "messages_in_rate"),
    ("are producers slow", "kafka", "produce_latency_p99"),
    ("how long does it take to produce a message", "kafka", "produce_latency_p99"),
    ("write latency of kafka", "kafka", "produce_latency_p99"),
    ("are the request handlers busy", "kafka", "request_handler_idle_ratio"),
    ("how busy are the brokers", "kafka", "request_handler_idle_ratio"),
    ("broker load", "kafka", "request_handler_idle_ratio"),
    ("broker memory", "kafka", "broker_heap_used_ratio"),
    ("kafka jvm heap", "kafka", "broker_heap_used_ratio"),
    ("are the brokers running out of memory", "kafka", "broker_heap_used_ratio"),
    ("will broker-1 oom", "", "broker_heap_used_ratio"),
    ("garbage collection on brokers", "kafka", "broker_gc_time_ratio"),
    ("how much time do brokers spend in gc", "kafka", "broker_gc_time_ratio"),
    ("how full are the broker disks", "kafka", "broker_disk_used_ratio"),
    ("disk space on the brokers", "kafka", "broker_disk_used_ratio"),
    ("kafka storage", "kafka", "broker_disk_used_ratio"),
    ("are the kafka log directories full", "kafka", "broker_disk_used_ratio"),
    ("is any job down", "flink", "job_not_running_seconds"),
    ("are all flink jobs up", "flink", "job_not_running_seconds"),
    ("job downtime today", "flink", "job_not_running_seconds"),
    ("how often did jobs restart", "flink", "job_restart_rate"),
    ("is a job crash looping", "flink", "job_restart_rate"),
    ("do jobs keep restarting", "flink", "job_restart_rate"),
    ("failed snapshots", "flink", "failed_checkpoint_rate"),
    ("checkpoints timing out", "flink", "failed_checkpoint_rate"),
    ("did any checkpoint fail", "flink", "failed_checkpoint_rate"),
    ("when was the last successful checkpoint", "flink", "checkpoint_age"),
    ("age of the latest checkpoint", "flink", "checkpoint_age"),
    ("how old is the last snapshot", "flink", "checkpoint_age"),
    ("how long do checkpoints take", "flink", "checkpoint_duration"),
    ("are checkpoints slow", "flink", "checkpoint_duration"),
    ("checkpoint time", "flink", "checkpoint_duration"),
    ("how large are the checkpoints", "flink", "checkpoint_state_size"),
    ("state size", "flink", "checkpoint_state_size"),
    ("is the state growing", "flink", "checkpoint_state_size"),
    ("how much state does flink keep", "flink", "checkpoint_state_size"),
    ("size of the flink state", "flink", "checkpoint_state_size"),
    ("are operators blocked", "flink", "backpressured_time_ratio"),
    ("is anything backpressured", "flink", "backpressured_time_ratio"),
    ("back-pressure at the sink", "flink", "backpressured_time_ratio"),
    ("how busy are the tasks", "flink", "task_busy_ratio"),
    ("are any operators overloaded", "flink", "task_busy_ratio"),
    ("busiest task", "flink", "task_busy_ratio"),
    ("how many records per second does flink process", "flink", "job_records_out_rate"),
    ("flink throughput", "flink", "job_records_out_rate"),
    ("output of the jobs", "flink", "job_records_out_rate"),
    ("how fast are the jobs processing", "flink", "job_records_out_rate"),
    ("records pending at the sources", "flink", "source_pending_records"),
    ("flink source backlog", "flink", "source_pending_records"),
    ("unread records at the source", "flink", "source_pending_records"),
    ("how late is the data", "flink", "event_time_lag"),
    ("watermark lag", "flink", "event_time_lag"),
    ("how far behind real time are we", "flink", "event_time_lag"),
    ("data freshness", "flink", "event_time_lag"),
    ("task manager memory", "flink", "taskmanager_heap_used_ratio"),
    ("TM heap", "flink", "taskmanager_heap_used_ratio"),
    ("are the TMs running out of heap", "flink", "taskmanager_heap_used_ratio"),
    ("is tm-2 about to oom", "", "taskmanager_heap_used_ratio"),
    ("flink garbage collection", "flink", "taskmanager_gc_time_ratio"),
    ("TM gc", "flink", "taskmanager_gc_time_ratio"),
    ("how many task managers are up", "flink", "registered_taskmanagers"),
    ("did a task manager die", "flink", "registered_taskmanagers"),
    ("lost TMs", "flink", "registered_taskmanagers"),
    ("are all workers alive", "flink", "registered_taskmanagers"),
    ("query time", "clickhouse", "query_duration_p95"),
    ("how long do queries take", "clickhouse", "query_duration_p95"),
    ("slow selects", "clickhouse", "query_duration_p95"),
    ("response times in clickhouse", "clickhouse", "query_duration_p95"),
    ("are queries failing", "clickhouse", "failed_query_ratio"),
    ("query error rate", "clickhouse", "failed_query_ratio"),
    ("how many queries fail", "clickhouse", "failed_query_ratio"),
    ("how many queries are running", "clickhouse", "running_queries"),
    ("concurrent queries", "clickhouse", "running_queries"),
    ("query load", "clickhouse", "running_queries"),
    ("are the clickhouse replicas in sync", "clickhouse", "replication_lag_seconds"),
    ("replica lag", "clickhouse", "replication_lag_seconds"),
    ("how far behind are the clickhouse replicas", "clickhouse", "replication_lag_seconds"),
    ("replication delay", "clickhouse", "replication_lag_seconds"),
    ("replication queue", "clickhouse", "replication_queue_size"),
    ("pending replication tasks", "clickhouse", "replication_queue_size"),
    ("read only tables", "clickhouse", "readonly_replicas"),
    ("is any replica readonly", "clickhouse", "readonly_replicas"),
    ("number of parts", "clickhouse", "max_parts_per_partition"),
    ("are merges falling behind", "clickhouse", "max_parts_per_partition"),
    ("merge backlog", "clickhouse", "max_parts_per_partition"),
    ("are inserts being throttled", "clickhouse", "delayed_inserts_rate"),
    ("delayed inserts", "clickhouse", "delayed_inserts_rate"),
    ("are inserts slow", "clickhouse", "delayed_inserts_rate"),
    ("did clickhouse reject inserts", "clickhouse", "rejected_inserts_rate"),
    ("insert errors", "clickhouse", "rejected_inserts_rate"),
    ("failed inserts", "clickhouse", "rejected_inserts_rate"),
    ("rows inserted per second", "clickhouse", "inserted_rows_rate"),
    ("insert rate", "clickhouse", "inserted_rows_rate"),
    ("how many rows are written", "clickhouse", "inserted_rows_rate"),
    ("insert batch size", "clickhouse", "rows_per_insert"),
    ("are the batches too small", "clickhouse", "rows_per_insert"),
    ("clickhouse memory", "clickhouse", "memory_used_ratio"),
    ("ram usage of clickhouse", "clickhouse", "memory_used_ratio"),
    ("is clickhouse running out of memory", "clickhouse", "memory_used_ratio"),
    ("free disk", "clickhouse", "disk_free_ratio"),
    ("how full are the clickhouse disks", "clickhouse", "disk_free_ratio"),
    ("disk space left in clickhouse", "clickhouse", "disk_free_ratio"),
    ("zookeeper errors", "clickhouse", "keeper_exceptions_rate"),
    ("keeper problems", "clickhouse", "keeper_exceptions_rate"),
    ("is keeper ok", "clickhouse", "keeper_exceptions_rate"),
    ("zk sessions lost", "clickhouse", "keeper_exceptions_rate"),
    ("tsk manger heep usage", "flink", "taskmanager_heap_used_ratio"),
    ("brker disk usge", "kafka", "broker_disk_used_ratio"),
    ("consumr grup lag", "kafka", "consumer_group_lag"),
    ("clik house memry", "clickhouse", "memory_used_ratio"),
    ("bakc presure", "flink", "backpressured_time_ratio"),
    ("chekpoint duraton", "flink", "checkpoint_duration"),
    ("undre replicated partitons", "kafka", "under_replicated_partitions"),
    ("replicaton queu", "clickhouse", "replication_queue_size"),
    ("quer latency", "clickhouse", "query_duration_p95"),
    ("prodcue latncy", "kafka", "produce_latency_p99"),
    ("job restrats", "flink", "job_restart_rate"),
    ("inserst rejcted", "clickhouse", "rejected_inserts_rate"),
    ("too mny parts", "clickhouse", "max_parts_per_partition"),
]


def asked(question: str) -> Request:
    return understand(
        question, CATALOGUE, NOW, "UTC", (*INSTANCES, "tm-3", "orders", "payments", "flink-orders/orders")
    )


@pytest.mark.parametrize(("question", "intents", "metric"), WANTED)
def test_a_question_in_peoples_own_words_is_wanted_for_what_it_is(question: str, intents: str, metric: str) -> None:
    request = asked(question)
    assert request.intent in intents.split(",")
    assert not metric or metric in request.metrics


@pytest.mark.parametrize(("question", "component", "metric"), FIGURES)
def test_ordinary_words_find_the_figure(question: str, component: str, metric: str) -> None:
    request = asked(question)
    assert metric in request.metrics
    if component:
        calls = plan(request, CATALOGUE)
        assert {name for call in calls for name in call.args["component"]} <= {component}


@pytest.mark.parametrize("paraphrase", PARAPHRASES, ids=lambda p: p.alias)
def test_every_paraphrase_stands_for_a_name_that_the_catalogue_knows(paraphrase: object) -> None:
    alias = getattr(paraphrase, "alias", "")
    assert understand(f"show me {alias}", CATALOGUE, NOW, "UTC").metrics


def test_a_paraphrase_is_read_by_what_stands_beside_it() -> None:
    assert "replication lag" in reworded("are the clickhouse replicas out of sync")
    assert "under replicated" in reworded("are the kafka replicas out of sync")


@pytest.mark.parametrize(
    ("text", "components", "severity"),
    [
        ("anomalies in all components but kafka", ("kafka",), None),
        ("everything but flink", ("flink",), None),
        ("neither kafka nor flink interest me, how's clickhouse", ("kafka", "flink"), None),
        ("all issues, not clickhouse", ("clickhouse",), None),
        ("ignore clickhouse, what else is wrong", ("clickhouse",), None),
        ("flink aside, is everything ok", ("flink",), None),
        ("leave flink out", ("flink",), None),
        ("kafka doesn't matter, anything wrong", ("kafka",), None),
        ("i don't care about kafka, any problems", ("kafka",), None),
        ("without warnings", (), "critical"),
        ("anomalies excluding warnings", (), "critical"),
        ("skip the warnings", (), "critical"),
        ("warnings aside, what is wrong", (), "critical"),
        ("everything except critical ones", (), "warning"),
        ("non-critical anomalies", (), "warning"),
        ("anomalies except in kafka and clickhouse", (), None),
    ],
)
def test_what_is_left_out_is_told_from_what_is_asked(
    text: str, components: tuple[str, ...], severity: str | None
) -> None:
    found = excluded_in(text)
    if "except in" not in text:
        assert set(found.components) == set(components)
    assert found.severity == severity
    assert not set(components_in(found.rest)) & set(components)


@pytest.mark.parametrize(
    "text", ["kafka is not ok", "why is flink not running", "nothing but trouble", "is it ok or not"]
)
def test_a_negation_alone_leaves_nothing_out(text: str) -> None:
    assert excluded_in(text).rest == text


@pytest.mark.parametrize(
    ("question", "components", "window"),
    [
        ("Wie geht es Kafka?", ("kafka",), None),
        ("Was ist gestern in Flink passiert?", ("flink",), "yesterday"),
        ("Wie viele Anomalien heute in ClickHouse?", ("clickhouse",), "today"),
        ("Zeig mir die Fehler der letzten 6 Stunden in Kafka", ("kafka",), "in the last 6 hours"),
        ("Est-ce que Kafka va bien ?", ("kafka",), None),
        ("Combien d'erreurs hier dans Flink ?", ("flink",), "yesterday"),
        ("¿Hay problemas en ClickHouse?", ("clickhouse",), None),
        ("¿Qué pasó ayer en Kafka?", ("kafka",), "yesterday"),
    ],
)
def test_other_languages_are_understood_as_far_as_common_words_go(
    question: str, components: tuple[str, ...], window: str | None
) -> None:
    request = asked(question)
    assert request.components == components
    assert (request.window.label if request.window else None) == window


def test_english_is_left_as_it_is() -> None:
    assert in_english("what was the lag in kafka last hour") == "what was the lag in kafka last hour"


@pytest.mark.parametrize("word", ["waiting", "collector", "reactions", "lunch", "warn", "alert", "briefing"])
def test_english_words_are_never_put_right(word: str) -> None:
    assert corrected(word, CATALOGUE) == word


def test_two_words_that_are_one_misspelt_are_put_together() -> None:
    assert corrected("tsk manager heep", CATALOGUE) == "taskmanager heap"


SEVERAL = [
    ("Hi, I just got back. The dashboards look weird. Could you tell me how ClickHouse is doing?", ["clickhouse"]),
    (
        "The coffee machine is broken again. What is your job though is Flink: any checkpoint failures? Thanks!",
        ["flink"],
    ),
    ("I was on call until 6 this morning. Is Kafka ok? I need to write a handover.", ["kafka"]),
    ("How are you? Is Flink healthy?", ["flink"]),
]


@pytest.mark.parametrize(("question", "components"), SEVERAL)
def test_sentences_that_only_tell_something_do_not_come_first(question: str, components: list[str]) -> None:
    request = asked(question)
    assert request.also == ()
    assert {name for call in plan(request, CATALOGUE) for name in call.args["component"]} == set(components)


def test_what_was_told_is_the_subject_of_what_is_asked() -> None:
    assert asked("Checkpoints are failing. First steps?").metrics[0] == "failed_checkpoint_rate"
    assert asked("Consumer lag is high. What now?").intent == "advice"


@pytest.mark.parametrize(
    "order",
    [
        "could you bounce tm-1 for me real quick",
        "would you mind restarting broker-2",
        "please drain orders-enrich",
        "can you bump the replicas",
        "i need broker-2 restarted",
        "fail over the controller",
    ],
)
def test_orders_to_act_are_refused_however_they_are_put(order: str) -> None:
    assert asked(order).intent == "refuse"


@pytest.mark.parametrize("question", ["run a health check", "skip kafka, what else is wrong", "open incidents"])
def test_what_only_sounds_like_an_order_is_answered(question: str) -> None:
    assert asked(question).intent not in ("refuse", "unclear")


def test_a_forecast_is_asked_ahead_and_looks_back() -> None:
    request = asked("will the brokers' disks be full by Friday?")
    assert (request.intent, request.window) == ("forecast", None)
    looking_back = asked("judging by the last 3 days, when will the disks be full?")
    assert looking_back.window is not None


@pytest.mark.parametrize(
    ("question", "counted"),
    [
        ("how many incidents today", "incidents"),
        ("how many ClickHouse nodes have a problem?", "nodes"),
        ("how many anomalies today", ""),
        ("number of jobs in trouble", "jobs"),
    ],
)
def test_what_is_counted_is_said(question: str, counted: str) -> None:
    assert asked(question).counted == counted
