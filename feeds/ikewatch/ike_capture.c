/* SPDX-License-Identifier: ISC */
/* The capture, with libpcap. */
#include <errno.h>
#include <linux/capability.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ike_capture.h"
#include "units.h"

#define SNAPLEN     2048 /* the cleartext is at the beginning */
#define RING_OCTETS (4 * 1024 * 1024)

/*
 * In libpcap's language, udp[...] is for IPv4, with any header length. For IPv6, the offsets are those without
 * extension headers, or after a fragment header. Packets with other extension headers are rare: all pass, and we
 * examine them.
 */
#define IP6_UDP(at)                                             \
	"(ip6[" #at ":2] = 500 or ip6[" #at " + 2:2] = 500 or " \
	"((ip6[" #at ":2] = 4500 or ip6[" #at " + 2:2] = 4500) and ip6[" #at " + 8:4] = 0))"
static const char filter[] = "(ip and (udp port 500 or (udp port 4500 and udp[8:4] = 0))) or "
			     "(ip6 and ((ip6[6] = 17 and " IP6_UDP(
				     40) ") or "
					 "(ip6[6] = 44 and ip6[40] = 17 and ip6[42:2] & 0xfff8 = 0 and " IP6_UDP(
						 48) ") or "
						     "ip6[6] = 0 or ip6[6] = 43 or ip6[6] = 60))";

struct ike_capture {
	pcap_t *pcap;
	int link;
	ike_capture_frame *frame; /* of the current call */
	void *arg;
};

struct opening {
	struct ike_capture *c;
	struct local_addrs *addrs;
	char *error;
	size_t error_size;
};

static int
say(const struct opening *o, int rc, const char *what, const char *why)
{
	snprintf(o->error, o->error_size, "%s: %s", what, why);
	return rc;
}

static int
activate(const struct opening *o)
{
	pcap_t *p = o->c->pcap;
	struct bpf_program program;

	if (pcap_set_snaplen(p, SNAPLEN) || pcap_set_immediate_mode(p, 1) || /* to see phases as they happen */
	    pcap_set_buffer_size(p, RING_OCTETS) || pcap_set_timeout(p, 1000))
		return say(o, -EINVAL, "cannot configure the capture", pcap_geterr(p));
	int rc = pcap_activate(p);
	if (rc == PCAP_ERROR_PERM_DENIED)
		return say(o, -EPERM, "cannot capture", "the capability CAP_NET_RAW is needed");
	if (rc < 0)
		return say(o, -EIO, "cannot capture", rc == PCAP_ERROR ? pcap_geterr(p) : pcap_statustostr(rc));
	/* The newer type has the interface. */
	o->c->link = pcap_set_datalink(p, DLT_LINUX_SLL2) == 0 ? DLT_LINUX_SLL2 : pcap_datalink(p);
	if (pcap_compile(p, &program, filter, 1, PCAP_NETMASK_UNKNOWN) < 0)
		return say(o, -EINVAL, "cannot make the filter", pcap_geterr(p));
	rc = pcap_setfilter(p, &program);
	pcap_freecode(&program);
	char why[PCAP_ERRBUF_SIZE] = "";
	if (rc < 0)
		return say(o, -EIO, "cannot set the filter", pcap_geterr(p));
	if (pcap_setnonblock(p, 1, why) < 0 || pcap_get_selectable_fd(p) < 0)
		return say(o, -EIO, "cannot wait for packets", why);
	return 0;
}

static int
open_here(void *arg)
{
	const struct opening *o = arg;
	char why[PCAP_ERRBUF_SIZE] = "";
	int rc = local_addrs_open(o->addrs);

	if (rc < 0)
		return say(o, rc, "cannot listen to addresses", strerror(-rc));
	o->c->pcap = pcap_create("any", why);
	return o->c->pcap ? activate(o) : say(o, -EIO, "cannot capture", why);
}

int
ike_capture_open(struct ike_capture **out, const char *netns, struct netns *which, struct local_addrs *addrs,
		 char *error, size_t error_size)
{
	struct opening o = { .addrs = addrs, .error = error, .error_size = error_size };

	*addrs = (struct local_addrs)LOCAL_ADDRS_CLOSED;
	o.c = calloc(1, sizeof(*o.c));
	if (!o.c)
		return say(&o, -ENOMEM, "cannot capture", strerror(ENOMEM));
	int rc = netns_enter(netns, which, open_here, &o, error, error_size);
	if (rc < 0) {
		local_addrs_close(addrs);
		ike_capture_close(o.c);
		return rc;
	}
	*out = o.c;
	return 0;
}

void
ike_capture_close(struct ike_capture *c)
{
	if (c && c->pcap)
		pcap_close(c->pcap);
	free(c);
}

int
ike_capture_fd(const struct ike_capture *c)
{
	return pcap_get_selectable_fd(c->pcap);
}

static void
on_frame(u_char *arg, const struct pcap_pkthdr *head, const u_char *data)
{
	const struct ike_capture *c = (const struct ike_capture *)arg;
	const struct ike_frame frame = { .link = c->link,
					 .data = data,
					 .size = head->caplen,
					 .stamp_ns = (uint64_t)head->ts.tv_sec * NS_PER_SECOND +
						     (uint64_t)head->ts.tv_usec * 1000u };
	c->frame(c->arg, &frame);
}

int
ike_capture_read(struct ike_capture *c, int budget, ike_capture_frame *frame, void *arg, char *error, size_t error_size)
{
	c->frame = frame;
	c->arg = arg;
	int got = pcap_dispatch(c->pcap, budget, on_frame, (u_char *)c);
	if (got >= 0)
		return got;
	snprintf(error, error_size, "the capture has ended: %s", pcap_geterr(c->pcap));
	return -EIO;
}

uint64_t
ike_capture_lost(struct ike_capture *c)
{
	struct pcap_stat stat;
	return pcap_stats(c->pcap, &stat) == 0 ? stat.ps_drop : 0;
}

const char *
ike_capture_library(void)
{
	return pcap_lib_version();
}

bool
ike_capture_give_up_privilege(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
	const uint32_t raw = CAP_TO_MASK(CAP_NET_RAW);
	unsigned at = CAP_TO_INDEX(CAP_NET_RAW);

	if (syscall(SYS_capget, &head, data) < 0 || !(data[at].permitted & raw))
		return false;
	prctl(PR_CAPBSET_DROP, CAP_NET_RAW, 0, 0, 0); /* if we may; else an execve() as root would get it back */
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_LOWER, CAP_NET_RAW, 0, 0);
	data[at].effective &= ~raw;
	data[at].permitted &= ~raw;
	data[at].inheritable &= ~raw;
	return syscall(SYS_capset, &head, data) == 0;
}
