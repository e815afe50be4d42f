/* SPDX-License-Identifier: ISC */
/*
 * SAs by the thousand, for it_flood.sh: adds and deletes them at a rate, and leaves some of them there.
 *
 *     flood RATE SECONDS LEAVE         RATE adds and RATE deletes in a second; the last LEAVE SAs are not deleted
 *
 * An SA is AH with a key of zeros, from 192.0.2.1 to 192.0.2.2, of one reqid for each two; the kernel is not asked for
 * acknowledgements, and what it refuses is not counted.
 */
#include <arpa/inet.h>
#include <linux/netlink.h>
#include <linux/xfrm.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define FIRST_SPI   0x10000u
#define PER_MESSAGE 50 /* SAs; the kernel takes any number of messages in one datagram */

struct add {
	struct nlmsghdr head;
	struct xfrm_usersa_info sa;
	struct nlattr attr;
	struct xfrm_algo algo;
	char key[16];
};

struct del {
	struct nlmsghdr head;
	struct xfrm_usersa_id id;
};

/* The two ends; every other SA goes the other way. */
static void
ends(uint32_t n, xfrm_address_t *src, xfrm_address_t *dst)
{
	src->a4 = htonl(0xc0000201u + (n & 1));
	dst->a4 = htonl(0xc0000202u - (n & 1));
}

static void
make_add(struct add *m, uint32_t n)
{
	*m = (struct add){
		.head = { .nlmsg_len = sizeof(*m), .nlmsg_type = XFRM_MSG_NEWSA, .nlmsg_flags = NLM_F_REQUEST },
		.sa = { .id = { .spi = htonl(FIRST_SPI + n), .proto = IPPROTO_AH },
			.family = AF_INET,
			.reqid = 1 + n / 2,
			.mode = XFRM_MODE_TUNNEL,
			.lft = { .soft_byte_limit = XFRM_INF,
				 .hard_byte_limit = XFRM_INF,
				 .soft_packet_limit = XFRM_INF,
				 .hard_packet_limit = XFRM_INF } },
		.attr = { .nla_len = sizeof(m->attr) + sizeof(m->algo) + sizeof(m->key), .nla_type = XFRMA_ALG_AUTH },
		.algo = { .alg_name = "hmac(md5)", .alg_key_len = 8 * sizeof(m->key) },
	};
	ends(n, &m->sa.saddr, &m->sa.id.daddr);
}

static void
make_del(struct del *m, uint32_t n)
{
	xfrm_address_t src;
	*m = (struct del){
		.head = { .nlmsg_len = sizeof(*m), .nlmsg_type = XFRM_MSG_DELSA, .nlmsg_flags = NLM_F_REQUEST },
		.id = { .spi = htonl(FIRST_SPI + n), .family = AF_INET, .proto = IPPROTO_AH },
	};
	ends(n, &src, &m->id.daddr);
}

static double
now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int
say(int fd, const void *data, size_t size)
{
	if (send(fd, data, size, 0) == (ssize_t)size)
		return 0;
	perror("flood: send");
	return -1;
}

int
main(int argc, char **argv)
{
	static struct add adds[PER_MESSAGE];
	static struct del dels[PER_MESSAGE];

	if (argc != 4) {
		fputs("usage: flood RATE SECONDS LEAVE\n", stderr);
		return 2;
	}
	uint32_t rate = (uint32_t)strtoul(argv[1], NULL, 10), leave = (uint32_t)strtoul(argv[3], NULL, 10);
	uint32_t all = rate * (uint32_t)strtoul(argv[2], NULL, 10) / PER_MESSAGE * PER_MESSAGE;
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_XFRM);
	if (fd < 0) {
		perror("flood: socket");
		return 1;
	}
	double began = now();
	leave = leave / PER_MESSAGE * PER_MESSAGE;
	for (uint32_t n = 0; n < all; n += PER_MESSAGE) {
		for (uint32_t i = 0; i < PER_MESSAGE; i++)
			make_add(&adds[i], n + i);
		if (say(fd, adds, sizeof(adds)) < 0)
			return 1;
		if (n >= leave) {
			for (uint32_t i = 0; i < PER_MESSAGE; i++)
				make_del(&dels[i], n - leave + i);
			if (say(fd, dels, sizeof(dels)) < 0)
				return 1;
		}
		while (now() < began + (double)(n + PER_MESSAGE) / rate)
			usleep(1000);
	}
	printf("%u SAs in %.1f s\n", all, now() - began);
	close(fd);
	return 0;
}
