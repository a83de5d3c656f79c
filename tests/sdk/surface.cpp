// Every type that the SDK's headers declare, so that the debug information of this file says what each looks like in
// memory: packaging/abi-layout compares it with packaging/sdk/abi.xml. sdk.test_layout finds out what is missing here.
#include "sdk_headers.h"

namespace penstock::surface {

void interfaces(Cache&, Config&, Control&, DeadLetters&, Exposition&, HealthBoard&, Http&, Metrics&, Plugin&, Policy&,
                Providers&, ProviderSettingsBoard&, ProviderWebhooks&, Queue&, Reader&, Store&, Transport&) {}

void lent(Clock&, Collection&, Context&, Counter&, Descriptor&, Gauge&, Heartbeat&, Histogram&, LineChannel&, Log&,
          Responder&, Responder::Sink&, Watch&) {}

void metrics(CounterSpec&, GaugeSpec&, HistogramSpec&, MetricSpec&) {}

void configuration(ConfigRow&, Secret&, SharedSection&) {}

void events(Content&, Digest128&, Event&, IdentityHash&, Uuid&) {}

void queues(Dead&, DeadLetter&, DeadLetterFilter&, DeadLetterGroup&, DeadLetterPage&, Delivery&, Done&, Failure&,
            LeaseToken&, PublishResult&, QueueStats&, Release&, RetryAfter&, Settlement&) {}

void stores(Attempt&, AttemptView&, BeginResult&, ConversationQuery&, ConversationView&, Intent&,
            Listing<ConversationView>&, Listing<MessageView>&, Listing<SentView>&, MessageDetail&, MessageView&, Page&,
            Persisted&, SentNote&, SentView&) {}

void requests(Fault&, HttpRequest&, HttpResponse&, Problem&, Route&, OutboundRequest&, OutboundResponse&,
              SendFailure&) {}

void scripts(Admission&, DeliveryReport&, Draft&, ProviderLimits&, ProviderTraits&, ReceivedMessage&, RetryQuestion&,
             Routing&, SendVerdict&, WebhookReading&, WebhookRequest&) {}

void others(Health&, JsonWriter&, LogField&, PluginHealth&) {}

void functions(HttpHandler&, PublishHandler&, SendHandler&, UniqueFunction<void()>&,
               UniqueFunction<void(const std::string&)>&) {}

// References do not make templates whole.
static_assert(sizeof(HttpHandler) == sizeof(PublishHandler) && sizeof(SendHandler) == sizeof(UniqueFunction<void()>) &&
              sizeof(UniqueFunction<void(const std::string&)>) > 0 && sizeof(Listing<ConversationView>) > 0 &&
              sizeof(Listing<MessageView>) > 0 && sizeof(Listing<SentView>) > 0);

void exceptions(QueueUnavailable&, StartFailure&, StoreRejected&, StoreUnavailable&, UnreadableEvent&) {}

void words(AttemptEnd, AttemptOutcome, BodyRule, Buckets, Channel, ConfigType, Grounds, HealthState, Kind, ListenerName,
           MessageStatus, MessageType, Method, PersistVerdict, PublishVerdict, SendFault, SettleVerdict) {}

}  // namespace penstock::surface
