/* SPDX-License-Identifier: ISC */
/*
 * A file of captured packets, through the decoder and the tracker of the feed ikewatch:
 *
 *   ike_replay FILE [ADDRESS...]       our own addresses; none: the packets say which way they went
 *
 * A line for each IKE message, and then for each pair of SPIs, and each IKE SA, tab-separated:
 *
 *   message  NUMBER  in|out  SPI-I  SPI-R  VERSION  EXCHANGE  MESSAGE-ID  NEXT  FLAGS  OCTETS  LENGTH  NOTIFIES  FAULT
 *   spis     SPI-I  SPI-R  INDEX  PHASE  negotiating|up|unknown|ended
 *   ike      INDEX  STATE (or ended)  LOCAL  REMOTE  then in and out: octets pkts drops notifies exchanges invalids
 * rejects deletes totals   the same for the gateway frames   messages faults twice foreign other fragments broken
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ike_phase.h"
#include "ike_watch.h"
#include "segment_remove.h"

#define OURS_MAX 64
#define SPIS_MAX 65536
#define RECORDS  4096

static struct ipm_addr ours[OURS_MAX];
static int ours_count;
static struct {
	uint64_t initiator, responder;
	uint32_t index; /* of the record, as it was last */
	uint8_t phase;
} spis[SPIS_MAX];
static int spis_count;
static struct ipm_ike_sa before[RECORDS]; /* a tick: by slot */

static struct ipm_addr
address(const char *text)
{
	struct ipm_addr addr = { .len = strchr(text, ':') ? 16 : 4 };
	if (inet_pton(addr.len == 16 ? AF_INET6 : AF_INET, text, addr.bytes) != 1) {
		fprintf(stderr, "%s: no address\n", text);
		exit(2);
	}
	return addr;
}

static bool
is_local(void *arg, const struct ipm_addr *addr)
{
	(void)arg;
	for (int i = 0; i < ours_count; i++)
		if (ipm_addr_same(&ours[i], addr))
			return true;
	return false;
}

/* Of which record is what has these SPIs? A refusal names a responder's that will never be. */
static void
remember(struct ike_track *track, uint64_t initiator, uint64_t responder)
{
	struct ike_track_view v = { 0 };
	int at = 0;

	while (at < spis_count && (spis[at].initiator != initiator || spis[at].responder != responder))
		at++;
	if (at == SPIS_MAX)
		return;
	spis_count += at == spis_count;
	spis[at].initiator = initiator;
	spis[at].responder = responder;
	if ((ike_track_find(track, initiator, responder, &v) || ike_track_find(track, initiator, 0, &v)) && v.index) {
		spis[at].index = v.index;
		spis[at].phase = v.phase;
	}
}

/* The message in a frame that was taken for one of ours. */
static void
tell_message(struct ike_track *track, unsigned number, int link, const uint8_t *data, size_t size)
{
	struct ike_packet p;
	struct ike_message m;

	if (ike_packet(link, data, size, &p) != IKE_PACKET_IKE)
		return;
	enum ike_fault fault = ike_decode(p.message, p.size, p.sent, &m);
	bool out = ours_count ? is_local(NULL, &p.src) : p.way == IKE_WAY_FROM_US;
	printf("message\t%u\t%s\t%016" PRIx64 "\t%016" PRIx64 "\t%u.%u\t%u\t%08x\t%u\t%02x\t%zu\t%u\t", number,
	       out ? "out" : "in", m.spi_initiator, m.spi_responder, m.major, m.minor, m.exchange, m.message_id,
	       m.next_payload, p.size > 19 ? p.message[19] : 0, p.sent, m.length);
	for (uint32_t i = 0; i < m.notifies && i < IKE_NOTIFY_MAX; i++)
		printf("%s%u", i ? "," : "", m.notify[i]);
	printf("\t%s\n", fault ? ike_fault_text(fault) : "-");
	if (!fault)
		remember(track, m.spi_initiator, m.spi_responder);
}

static void
tell_traffic(const struct ipm_ike_traffic *t)
{
	printf("\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64,
	       t->octets, t->pkts, t->drops, t->notifies, t->exchanges, t->exchange_invalids, t->exchange_rejects,
	       t->sa_deletes);
}

static void
tell_ike(const struct ipm_ike_sa *sa, const char *state)
{
	char local[INET6_ADDRSTRLEN], remote[INET6_ADDRSTRLEN];

	inet_ntop(sa->local.len == 16 ? AF_INET6 : AF_INET, sa->local.bytes, local, sizeof(local));
	inet_ntop(sa->remote.len == 16 ? AF_INET6 : AF_INET, sa->remote.bytes, remote, sizeof(remote));
	printf("ike\t%u\t%s\t%s\t%s", sa->index, state, local, remote);
	tell_traffic(&sa->in);
	tell_traffic(&sa->out);
	printf("\n");
}

/* Time passes; what ends by that is told as it was. */
static void
tick(struct ipm_writer *w, struct ike_track *track, uint64_t now)
{
	uint32_t used = ipm_segment_used(ipm_writer_segment(w), IPM_IKE_SAS);

	for (uint32_t slot = 0; slot < used; slot++)
		before[slot] = *ipm_ike_peek(w, slot);
	ike_track_tick(track, now);
	for (uint32_t slot = 0; slot < used; slot++)
		if (before[slot].index && ipm_ike_find(w, slot, before[slot].index) < 0)
			tell_ike(&before[slot], "ended");
}

static void
tell_model(struct ipm_writer *w, struct ike_track *track, const struct ike_watch_counts *c)
{
	static const char *const states[] = { "-", "negotiating", "established", "deleting" };
	const struct ipm_segment *seg = ipm_writer_segment(w);

	for (int i = 0; i < spis_count; i++) {
		struct ike_track_view v = { .index = spis[i].index, .phase = spis[i].phase }, now;
		if (ike_track_find(track, spis[i].initiator, spis[i].responder, &now) && now.index)
			v = now;
		if (spis[i].responder == 0 && v.index == 0)
			continue; /* another line has both */
		printf("spis\t%016" PRIx64 "\t%016" PRIx64 "\t%u\t%s\t%s\n", spis[i].initiator, spis[i].responder,
		       v.index, ike_phase_text(v.phase),
		       v.negotiating ? "negotiating"
		       : v.up        ? "up"
		       : v.unknown   ? "unknown"
				     : "ended");
	}
	for (uint32_t slot = 0; slot < ipm_segment_used(seg, IPM_IKE_SAS); slot++)
		if (ipm_ike_peek(w, slot)->index)
			tell_ike(ipm_ike_peek(w, slot), states[ipm_ike_peek(w, slot)->state]);
	printf("totals");
	tell_traffic(&ipm_writer_totals(w)->ike_in);
	tell_traffic(&ipm_writer_totals(w)->ike_out);
	printf("\nframes\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\n",
	       c->messages, c->faults, c->twice, c->foreign, c->other, c->fragments, c->broken);
}

int
main(int argc, char **argv)
{
	char error[PCAP_ERRBUF_SIZE], path[] = "/tmp/ike_replay.XXXXXX";
	struct ipm_writer_options opt = {
		.path = path,
		.name = "replay",
		.capacity = { .ike_sas = RECORDS, .feeds = 2, .history = 64, .failures = 64, .events = 64 },
		.mode = 0600
	};
	struct ipm_writer *w;
	struct ipm_error err;
	struct pcap_pkthdr *head;
	const u_char *data;
	uint64_t ticked = 0, now = 0;
	unsigned number = 0;

	if (argc < 2) {
		fprintf(stderr, "usage: ike_replay FILE [ADDRESS...]\n");
		return 2;
	}
	for (int i = 2; i < argc && ours_count < OURS_MAX; i++)
		ours[ours_count++] = address(argv[i]);
	pcap_t *file = pcap_open_offline(argv[1], error);
	int fd = mkstemp(path);
	if (!file || fd < 0) {
		fprintf(stderr, "%s\n", file ? "no temporary file" : error);
		return 1;
	}
	close(fd);
	segment_remove(path);
	if (ipm_writer_open(&w, &opt, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	struct ike_track *track = ike_track_new(w, (uint32_t)ipm_feed_open(w, "ikewatch"), 0);
	struct ike_watch *watch = track ? ike_watch_new(track, ours_count ? is_local : NULL, NULL) : NULL;
	if (!watch)
		return 1;
	while (pcap_next_ex(file, &head, &data) == 1) {
		const struct ike_frame frame = { .link = pcap_datalink(file),
						 .data = data,
						 .size = head->caplen,
						 .stamp_ns = (uint64_t)head->ts.tv_sec * 1000000000u +
							     (uint64_t)head->ts.tv_usec * 1000u };
		uint64_t messages = ike_watch_counts(watch)->messages;
		for (now = frame.stamp_ns; ticked && now - ticked >= NS_PER_SECOND; ticked += NS_PER_SECOND)
			tick(w, track, ticked + NS_PER_SECOND);
		if (!ticked)
			ticked = now;
		number++;
		ike_watch_frame(watch, &frame, now);
		if (ike_watch_counts(watch)->messages > messages)
			tell_message(track, number, frame.link, data, head->caplen);
	}
	for (uint64_t more = 1; more <= 3; more++) /* what comes up with time */
		tick(w, track, now + more * NS_PER_SECOND);
	tell_model(w, track, ike_watch_counts(watch));
	ike_watch_free(watch);
	ike_track_free(track);
	ipm_writer_close(w);
	segment_remove(path);
	pcap_close(file);
	return 0;
}
