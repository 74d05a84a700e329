/* What `--version` prints and every file that a payload writes carries. */
#ifndef IBD_VERSION_H_
#define IBD_VERSION_H_

#define IBD_VERSION "0.1.0"

#endif  // IBD_VERSION_H_
