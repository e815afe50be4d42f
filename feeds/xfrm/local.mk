# The kernel's feed
FEEDS += xfrm
libfeeds_la_SOURCES += %D%/feed_xfrm.c %D%/xfrm_algo.c %D%/xfrm_decode.c %D%/xfrm_decode.h %D%/xfrm_drops.c \
	%D%/xfrm_drops.h %D%/xfrm_maps.c %D%/xfrm_maps.h %D%/xfrm_model.c %D%/xfrm_model.h %D%/xfrm_policies.c \
	%D%/xfrm_policies.h %D%/xfrm_socket.c %D%/xfrm_socket.h %D%/xfrm_stat.c %D%/xfrm_stat.h
