# The feed that watches IKE on the wire
FEEDS += ikewatch
libfeeds_la_SOURCES += %D%/feed_ikewatch.c %D%/ike_capture.c %D%/ike_capture.h %D%/ike_decode.c \
	%D%/ike_decode.h %D%/ike_packet.c %D%/ike_packet.h %D%/ike_phase.c %D%/ike_phase.h %D%/ike_table.c \
	%D%/ike_table.h %D%/ike_track.c %D%/ike_track.h %D%/ike_watch.c %D%/ike_watch.h
