"""THE DATA FLOW ON ONE PAGE.

    file --video--> Frame* --landmarks--> Landmarks --fitting + headmodel--> HeadFit
         --dynamics--> motion windows --recognizer--> Embedding --scoring--> Match*
                  \\--shape per chunk--> DriftReport
"""
