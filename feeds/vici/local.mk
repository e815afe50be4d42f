# The strongSwan feed, and its companion error-notify
FEEDS += vici
libfeeds_la_SOURCES += %D%/feed_vici.c %D%/notify_client.c %D%/notify_client.h %D%/notify_decode.c \
	%D%/notify_decode.h %D%/vici_alert.c %D%/vici_alert.h %D%/vici_client.c %D%/vici_client.h %D%/vici_decode.c \
	%D%/vici_decode.h %D%/vici_failure.c %D%/vici_failure.h %D%/vici_maps.c %D%/vici_maps.h %D%/vici_model.c \
	%D%/vici_model.h %D%/vici_reason.c %D%/vici_reason.h %D%/vici_session.c %D%/vici_session.h %D%/vici_terminate.c %D%/vici_terminate.h \
	%D%/vici_ts.c %D%/vici_value.c %D%/vici_value.h %D%/vici_wire.c %D%/vici_wire.h
