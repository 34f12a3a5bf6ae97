"""People over time: track ids, steadier keypoints, boxes between detections, who is meant."""
